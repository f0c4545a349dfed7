package io.streamlocks.coordinator.http;

import io.streamlocks.coordinator.log.RepeatedErrorLog;
import io.streamlocks.coordinator.telemetry.Refusal;
import io.streamlocks.coordinator.telemetry.Telemetry;
import java.net.Inet6Address;
import java.net.InetSocketAddress;
import java.net.SocketAddress;
import java.time.Duration;
import java.util.Arrays;
import java.util.Comparator;
import java.util.HexFormat;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.locks.ReentrantLock;
import java.util.function.Predicate;
import org.eclipse.jetty.io.Connection;
import org.eclipse.jetty.server.ConnectionMetaData;
import org.eclipse.jetty.server.Handler;
import org.eclipse.jetty.server.Request;
import org.eclipse.jetty.server.Response;
import org.eclipse.jetty.util.Callback;
import org.slf4j.event.Level;

/**
 * Ends the connections of clients that take too much. Of those that take too long, wherever a request is: a head or a body
 * that trickles in, an answer that is not read. The server's own time-out is for silence alone and begins anew with each
 * byte, so a client that sends one now and then would keep its connection for ever. And of those that keep others out,
 * when there are more connections than there may be, in all or from one address: first of those that have owed a request
 * for longest, so that a crowd that sends none makes room for who does. Thread-safe.
 */
final class SlowClients extends Handler.Wrapper implements Connection.Listener {

    private static final String CLIENT = SlowClients.class.getName();

    /** A head that an honest client owes is there by then, unless it was opened in advance. */
    private static final long YOUNG_NANOS = TimeUnit.SECONDS.toNanos(1);

    /** In the order in which they are ended to make room. */
    private enum Worth {
        OWES_A_HEAD,
        IS_NOT_SERVED,
        IS_NEW
    }

    /** A connection that may be ended to make room, as it was at one moment: it changes while others are compared. */
    private record Expendable(Client client, Worth worth, long waitedNanos) {
        private static final Comparator<Expendable> FIRST_TO_GO = Comparator.comparing(Expendable::worth)
                .thenComparing(Comparator.comparing(Expendable::waitedNanos).reversed());

        static Expendable of(Client client, long now) {
            long waited = client.waitedNanos(now);
            Worth owing = waited < YOUNG_NANOS ? Worth.IS_NEW : Worth.OWES_A_HEAD;
            return new Expendable(client, client.isOwing() ? owing : Worth.IS_NOT_SERVED, waited);
        }
    }

    /** Held while the clients are looked through. */
    private final ReentrantLock looking = new ReentrantLock();

    /** Ends connections, one after another: thousands at once would keep the server's threads from those who are served. */
    private final ExecutorService ends = Executors.newSingleThreadExecutor(task -> {
        Thread thread = new Thread(task, "connection-end");
        thread.setDaemon(true);
        return thread;
    });

    private final Set<Client> clients = ConcurrentHashMap.newKeySet();

    /** The number of clients that the limits count; those of the port of probes and metrics are left out. */
    private final AtomicInteger counted = new AtomicInteger();

    private final Map<String, Integer> perAddress = new ConcurrentHashMap<>();
    private final ClientLimits limits;
    private final int maxPerAddress;
    private final RepeatedErrorLog errors;
    private final Telemetry telemetry;

    /**
     * @param limits how long a client may take, and how many there may be
     * @param maxPerAddress how many connections an address may have
     * @param errors tells of connections that were ended
     * @param telemetry counts them
     */
    SlowClients(ClientLimits limits, int maxPerAddress, RepeatedErrorLog errors, Telemetry telemetry) {
        this.limits = limits;
        this.maxPerAddress = maxPerAddress;
        this.errors = errors;
        this.telemetry = telemetry;
    }

    @Override
    public void onOpened(Connection connection) {
        // Of TLS, the connection inside.
        if (connection instanceof ConnectionMetaData metaData) {
            String address = addressOf(connection.getEndPoint().getRemoteSocketAddress());
            boolean isCounted = !Connectors.isManagement(metaData.getConnector());
            Client client = new Client(connection, address, isCounted);
            metaData.setAttribute(CLIENT, client);
            remember(client);
            if (isCounted) {
                makeRoom(address);
            }
        }
    }

    @Override
    public void onClosed(Connection connection) {
        if (connection instanceof ConnectionMetaData metaData
                && metaData.getAttribute(CLIENT) instanceof Client client) {
            client.closed();
            forget(client);
        }
    }

    private void remember(Client client) {
        if (clients.add(client) && client.isCounted()) {
            counted.incrementAndGet();
            perAddress.merge(client.address(), 1, Integer::sum);
        }
    }

    private boolean forget(Client client) {
        boolean known = clients.remove(client);
        if (known && client.isCounted()) {
            counted.decrementAndGet();
            perAddress.computeIfPresent(client.address(), (address, count) -> count == 1 ? null : count - 1);
        }
        return known;
    }

    /** One that is easily had in numbers is counted with its neighbours: of IPv6, those of its network. */
    static String addressOf(SocketAddress remote) {
        if (!(remote instanceof InetSocketAddress socket) || socket.getAddress() == null) {
            return "unknown";
        }
        return socket.getAddress() instanceof Inet6Address ipv6
                ? HexFormat.ofDelimiter("")
                                .formatHex(Arrays.copyOf(ipv6.getAddress(), 8))
                                .replaceAll("(....)", "$1:") + ":/64"
                : socket.getAddress().getHostAddress();
    }

    @Override
    public boolean handle(Request request, Response response, Callback callback) throws Exception {
        if (!(request.getConnectionMetaData().getAttribute(CLIENT) instanceof Client client)) {
            return super.handle(request, response, callback);
        }
        client.begin();
        boolean taken = false;
        try {
            taken = super.handle(request, response, new Callback.Nested(callback) {
                // Before, since the next exchange may begin within.
                @Override
                public void succeeded() {
                    client.end(Access.isLetIn(request));
                    super.succeeded();
                }

                @Override
                public void failed(Throwable x) {
                    client.end(false);
                    super.failed(x);
                }
            });
            return taken;
        } finally {
            if (!taken) {
                client.end(false);
            }
        }
    }

    @Override
    protected void doStart() throws Exception {
        super.doStart();
        lookLater();
    }

    private void lookLater() {
        long period = Math.min(1000, limits.exchange().toMillis() / 4);
        getServer().getScheduler().schedule(this::look, period, TimeUnit.MILLISECONDS);
    }

    @Override
    protected void doStop() throws Exception {
        super.doStop();
        ends.shutdown();
    }

    private void look() {
        looking.lock();
        try {
            endSlowOnes();
            perAddress.keySet().forEach(this::makeRoomIfNeeded);
        } catch (RuntimeException e) {
            errors.log(Level.ERROR, "slow clients " + e, "Failed to look for slow clients, trying again later", e);
        } finally {
            looking.unlock();
        }
        if (isRunning()) {
            lookLater();
        }
    }

    private void endSlowOnes() {
        long now = System.nanoTime();
        Duration exchange = getServer().isStopping() ? ClientLimits.EXCHANGE_WHEN_STOPPING : limits.exchange();
        Duration head = exchange.compareTo(ClientLimits.HEAD) < 0 ? exchange : ClientLimits.HEAD;
        for (Client client : clients) {
            client.look(now);
            if (client.isInExchangeForLongerThan(exchange.toNanos(), now)) {
                String slow = "a request with its answer took over " + exchange.toSeconds() + " s";
                endSoon(client, Refusal.SLOW_EXCHANGE, slow);
            } else if (client.isInHeadForLongerThan(head.toNanos(), now)) {
                String slow = "the head of a request took over " + head.toSeconds() + " s";
                endSoon(client, Refusal.SLOW_HEAD, slow);
            }
        }
    }

    /** Does not wait if another thread makes room already. If that is not enough, the next connection makes more. */
    private void makeRoom(String address) {
        if (looking.tryLock()) {
            try {
                makeRoomIfNeeded(address);
            } finally {
                looking.unlock();
            }
        }
    }

    /** The limit of the address comes first, since it leaves others alone. */
    private void makeRoomIfNeeded(String address) {
        if (perAddress.getOrDefault(address, 0) > maxPerAddress) {
            makeRoom(
                    client -> client.isCounted() && client.address().equals(address),
                    maxPerAddress,
                    Refusal.CONNECTIONS_OF_ADDRESS,
                    "its address has over " + maxPerAddress + " connections");
        }
        if (counted.get() > limits.connections()) {
            makeRoom(
                    Client::isCounted,
                    limits.connections(),
                    Refusal.CONNECTIONS,
                    "there are over " + limits.connections() + " connections");
        }
    }

    /** Room for some more than one, else each would look through all. */
    private void makeRoom(Predicate<Client> among, int max, Refusal refusal, String why) {
        long now = System.nanoTime();
        List<Client> all = clients.stream().filter(among).toList();
        if (all.size() <= max) {
            return;
        }
        all.forEach(client -> client.look(now));
        all.stream()
                .filter(client -> client.isExpendable(now))
                .map(client -> Expendable.of(client, now))
                .sorted(Expendable.FIRST_TO_GO)
                .limit(all.size() - max + max / 100)
                .map(Expendable::client)
                // At once, else those would be chosen again by the next connection that comes.
                .filter(this::forget)
                .forEach(client -> ends.execute(() -> endIfIdle(client, refusal, why)));
    }

    private void endIfIdle(Client client, Refusal refusal, String why) {
        if (!client.isInExchange()) {
            end(client, refusal, why);
            return;
        }
        // Its request has come meanwhile.
        remember(client);
        if (client.isClosed()) {
            forget(client);
        }
    }

    private void endSoon(Client client, Refusal refusal, String why) {
        if (forget(client)) {
            ends.execute(() -> end(client, refusal, why));
        }
    }

    private void end(Client client, Refusal refusal, String why) {
        telemetry.refused(refusal);
        errors.log(
                Level.WARN,
                refusal + client.address(),
                "Ended a connection from " + client.address() + ": " + why,
                null);
        client.close(new TimeoutException(why));
    }
}
