package io.streamlocks.coordinator.http.jetty;

import io.streamlocks.coordinator.telemetry.Refusal;
import java.util.Comparator;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.function.Predicate;

/**
 * Makes room when there are more connections than there may be, in total or from one address. The connections that have
 * owed a request for longest end first, so that a crowd that sends none makes room for clients that do. One thread at a
 * time may call this class.
 */
final class Crowd {

    /** An honest client has sent the head that it owes by then, unless it connected in advance. */
    private static final long YOUNG_NANOS = TimeUnit.SECONDS.toNanos(1);

    /** In the order in which connections are ended. */
    private enum Worth {
        OWES_A_HEAD,
        IS_NOT_SERVED,
        IS_NEW
    }

    /** The state of a connection at one moment. It changes while connections are compared. */
    private record Expendable(Client client, Worth worth, long waitedNanos) {
        private static final Comparator<Expendable> FIRST_TO_GO = Comparator.comparing(Expendable::worth)
                .thenComparing(Comparator.comparing(Expendable::waitedNanos).reversed());

        static Expendable of(Client client, long now) {
            long waited = client.waitedNanos(now);
            Worth owing = waited < YOUNG_NANOS ? Worth.IS_NEW : Worth.OWES_A_HEAD;
            return new Expendable(client, client.isOwing() ? owing : Worth.IS_NOT_SERVED, waited);
        }
    }

    private final Clients clients;
    private final int max;
    private final int maxPerAddress;
    private final ConnectionEnds ends;

    /**
     * Creates an instance.
     *
     * @param max how many connections there may be
     * @param maxPerAddress how many connections an address may have
     */
    Crowd(Clients clients, int max, int maxPerAddress, ConnectionEnds ends) {
        this.clients = clients;
        this.max = max;
        this.maxPerAddress = maxPerAddress;
        this.ends = ends;
    }

    /** Makes room if it is needed after a connection from this address. */
    void makeRoom(String address) {
        // The limit of the address comes first, because it does not affect others.
        if (clients.of(address) > maxPerAddress) {
            makeRoom(
                    client -> client.isCounted() && client.address().equals(address),
                    maxPerAddress,
                    Refusal.CONNECTIONS_OF_ADDRESS,
                    "its address has over " + maxPerAddress + " connections");
        }
        if (clients.counted() > max) {
            makeRoom(Client::isCounted, max, Refusal.CONNECTIONS, "there are over " + max + " connections");
        }
    }

    /** Makes room for more than one connection, because otherwise each new one would look at all others. */
    private void makeRoom(Predicate<Client> among, int most, Refusal refusal, String why) {
        long now = System.nanoTime();
        List<Client> all = clients.all(among);
        if (all.size() <= most) {
            return;
        }
        all.forEach(client -> client.look(now));
        all.stream()
                .filter(client -> client.isExpendable(now))
                .map(client -> Expendable.of(client, now))
                .sorted(Expendable.FIRST_TO_GO)
                .limit(all.size() - most + most / 100)
                .map(Expendable::client)
                // This happens immediately, because otherwise the next connection would choose the same ones.
                .filter(clients::remove)
                .forEach(client -> ends.later(() -> endIfIdle(client, refusal, why)));
    }

    /** Ends a client that was removed, or counts it again if it has sent a request since then. */
    private void endIfIdle(Client client, Refusal refusal, String why) {
        if (!client.isInExchange()) {
            ends.endNow(client, refusal, why);
            return;
        }
        clients.add(client);
        if (client.isClosed()) {
            clients.remove(client);
        }
    }
}
