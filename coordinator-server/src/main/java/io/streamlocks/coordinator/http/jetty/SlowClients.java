package io.streamlocks.coordinator.http.jetty;

import io.streamlocks.coordinator.log.RepeatedErrorLog;
import io.streamlocks.coordinator.telemetry.Refusal;
import io.streamlocks.coordinator.telemetry.Telemetry;
import java.time.Duration;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.ReentrantLock;
import org.eclipse.jetty.io.Connection;
import org.eclipse.jetty.server.ConnectionMetaData;
import org.eclipse.jetty.server.Handler;
import org.eclipse.jetty.server.Request;
import org.eclipse.jetty.server.Response;
import org.eclipse.jetty.util.Callback;
import org.slf4j.event.Level;

/**
 * Ends the connections of clients that take too long or are too many. Jetty's idle time-out begins anew with each byte,
 * so a client that sends a byte now and then would keep its connection without end. This class limits the whole time of
 * a head and of an exchange: a head or a body that trickles in, and a response that is not read. {@link Crowd} makes
 * room when there are too many connections. Jetty's {@code NetworkConnectionLimit} does not fit: it stops accepting, so
 * a crowd of idle connections would keep all other clients out. This class is thread-safe.
 */
final class SlowClients extends Handler.Wrapper implements Connection.Listener {

    private static final String CLIENT = SlowClients.class.getName();

    private static final long MAX_PERIOD_MILLIS = 1000;

    /** Is held while the clients are looked through. */
    private final ReentrantLock looking = new ReentrantLock();

    private final Clients clients = new Clients();
    private final ClientLimits limits;
    private final Crowd crowd;
    private final ConnectionEnds ends;
    private final RepeatedErrorLog errors;

    /**
     * Creates a handler.
     *
     * @param limits how long a client may take, and how many clients there may be
     * @param maxPerAddress how many connections an address may have
     * @param errors logs the connections that are ended
     * @param telemetry counts them
     */
    SlowClients(ClientLimits limits, int maxPerAddress, RepeatedErrorLog errors, Telemetry telemetry) {
        this.limits = limits;
        this.ends = new ConnectionEnds(errors, telemetry);
        this.crowd = new Crowd(clients, limits.connections(), maxPerAddress, ends);
        this.errors = errors;
    }

    @Override
    public void onOpened(Connection connection) {
        // With TLS, this is the connection inside.
        if (connection instanceof ConnectionMetaData metaData) {
            String address = ClientAddress.of(connection.getEndPoint().getRemoteSocketAddress());
            boolean isCounted = !Connectors.isManagement(metaData.getConnector());
            Client client = new Client(connection, address, isCounted);
            metaData.setAttribute(CLIENT, client);
            clients.add(client);
            if (isCounted) {
                makeRoom(address);
            }
        }
    }

    /** Does not wait if another thread makes room already. If that is not enough, the next connection makes more. */
    private void makeRoom(String address) {
        if (looking.tryLock()) {
            try {
                crowd.makeRoom(address);
            } finally {
                looking.unlock();
            }
        }
    }

    @Override
    public void onClosed(Connection connection) {
        if (connection instanceof ConnectionMetaData metaData
                && metaData.getAttribute(CLIENT) instanceof Client client) {
            client.closed();
            clients.remove(client);
        }
    }

    @Override
    public boolean handle(Request request, Response response, Callback callback) throws Exception {
        if (!(request.getConnectionMetaData().getAttribute(CLIENT) instanceof Client client)) {
            return super.handle(request, response, callback);
        }
        Admission admission = Admission.of(request);
        client.begin(admission.limits().exchange().toNanos());
        boolean taken = false;
        try {
            taken = super.handle(request, response, new Callback.Nested(callback) {
                // This comes before the call of super, which may begin the next exchange.
                @Override
                public void succeeded() {
                    client.end(admission.isLetIn());
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
        long period = Math.min(MAX_PERIOD_MILLIS, limits.exchange().toMillis() / 4);
        getServer().getScheduler().schedule(this::look, period, TimeUnit.MILLISECONDS);
    }

    @Override
    protected void doStop() throws Exception {
        super.doStop();
        ends.stop();
    }

    /** Ends the connections that are still there after a while. To be called when the ports are being closed. */
    void beginStop() {
        getServer()
                .getScheduler()
                .schedule(
                        () -> clients.all().forEach(this::endLate),
                        ClientLimits.EXCHANGE_WHEN_STOPPING.toMillis(),
                        TimeUnit.MILLISECONDS);
    }

    private void endLate(Client client) {
        String why = "it was still there " + ClientLimits.EXCHANGE_WHEN_STOPPING.toSeconds()
                + " s after the server began to stop";
        end(client, client.isInExchange() ? Refusal.SLOW_EXCHANGE : Refusal.SLOW_HEAD, why);
    }

    private void look() {
        looking.lock();
        try {
            endSlowOnes();
            clients.addresses().forEach(crowd::makeRoom);
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
        boolean stopping = getServer().isStopping();
        Duration head = shorter(limits.exchange(), ClientLimits.HEAD);
        if (stopping) {
            head = shorter(head, ClientLimits.EXCHANGE_WHEN_STOPPING);
        }
        long atMost = stopping ? ClientLimits.EXCHANGE_WHEN_STOPPING.toNanos() : Long.MAX_VALUE;
        for (Client client : clients.all()) {
            client.look(now);
            if (client.isSlowInExchange(atMost, now)) {
                long seconds = TimeUnit.NANOSECONDS.toSeconds(Math.min(atMost, client.maxExchangeNanos()));
                end(client, Refusal.SLOW_EXCHANGE, "a request with its response took over " + seconds + " s");
            } else if (client.isInHeadForLongerThan(head.toNanos(), now)) {
                end(client, Refusal.SLOW_HEAD, "the head of a request took over " + head.toSeconds() + " s");
            }
        }
    }

    private static Duration shorter(Duration one, Duration other) {
        return one.compareTo(other) < 0 ? one : other;
    }

    private void end(Client client, Refusal refusal, String why) {
        if (clients.remove(client)) {
            ends.end(client, refusal, why);
        }
    }
}
