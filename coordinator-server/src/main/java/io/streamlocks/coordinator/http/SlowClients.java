package io.streamlocks.coordinator.http;

import io.streamlocks.coordinator.log.RepeatedErrorLog;
import io.streamlocks.coordinator.telemetry.Refusal;
import io.streamlocks.coordinator.telemetry.Telemetry;
import java.time.Duration;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import org.eclipse.jetty.io.Connection;
import org.eclipse.jetty.io.ssl.SslConnection;
import org.eclipse.jetty.server.ConnectionMetaData;
import org.eclipse.jetty.server.Handler;
import org.eclipse.jetty.server.Request;
import org.eclipse.jetty.server.Response;
import org.eclipse.jetty.util.Callback;
import org.slf4j.event.Level;

/**
 * Ends the connections of clients that take too long. Of those on which a request is under way, wherever it is: a head
 * or a body that trickles in, an answer that is not read. The server's own time-out is for silence alone and begins anew
 * with each byte, so a client that sends one now and then would keep its connection for ever. And of those on which
 * nothing is said, while there are so many that others wait for a place. Thread-safe.
 */
final class SlowClients extends Handler.Wrapper implements Connection.Listener {

    private static final String CLIENT = SlowClients.class.getName();

    private final Set<Client> clients = ConcurrentHashMap.newKeySet();
    private final ClientLimits limits;
    private final RepeatedErrorLog errors;
    private final Telemetry telemetry;

    /**
     * @param limits how long a client may take
     * @param errors tells of connections that were ended
     * @param telemetry counts them
     */
    SlowClients(ClientLimits limits, RepeatedErrorLog errors, Telemetry telemetry) {
        this.limits = limits;
        this.errors = errors;
        this.telemetry = telemetry;
    }

    @Override
    public void onOpened(Connection connection) {
        // Of TLS, the connection inside.
        if (connection instanceof ConnectionMetaData metaData) {
            Client client = new Client(connection);
            metaData.setAttribute(CLIENT, client);
            clients.add(client);
        }
    }

    @Override
    public void onClosed(Connection connection) {
        if (connection instanceof ConnectionMetaData metaData
                && metaData.getAttribute(CLIENT) instanceof Client client) {
            clients.remove(client);
        }
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
                    client.end();
                    super.succeeded();
                }

                @Override
                public void failed(Throwable x) {
                    client.end();
                    super.failed(x);
                }
            });
            return taken;
        } finally {
            if (!taken) {
                client.end();
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

    private void look() {
        try {
            long now = System.nanoTime();
            boolean full = clients.size() >= limits.connections();
            Duration maxExchange = getServer().isStopping() ? ClientLimits.EXCHANGE_WHEN_STOPPING : limits.exchange();
            for (Client client : clients) {
                client.look(now);
                if (client.takesLongerThan(maxExchange, now)) {
                    String tooSlow = "a request with its answer took over " + maxExchange.toSeconds() + " s";
                    errors.log(Level.WARN, tooSlow, "Ended the connection of a client: " + tooSlow, null);
                    telemetry.refused(Refusal.SLOW_EXCHANGE);
                    end(client, tooSlow);
                } else if (full && client.isSilentForLongerThan(ClientLimits.SILENCE_WHEN_FULL, now)) {
                    end(client, "others wait for the connection");
                }
            }
        } catch (RuntimeException e) {
            errors.log(Level.ERROR, "slow clients " + e, "Failed to look for slow clients, trying again later", e);
        }
        if (isRunning()) {
            lookLater();
        }
    }

    private void end(Client client, String why) {
        clients.remove(client);
        // On another thread, since the end of a connection is told to those who work for it.
        getServer()
                .getThreadPool()
                .execute(() -> client.connection.getEndPoint().close(new TimeoutException(why)));
    }

    /** One connection. */
    private static final class Client {

        private final Connection connection;
        private volatile boolean inExchange;
        private volatile int exchanges;
        private volatile long beganNanos;

        // Of whoever looks: what there was to be seen when no head was on its way, and when that was; and likewise when
        // there last was anything new.
        private int exchangesBefore;
        private long bytesBefore;
        private long headNanos = System.nanoTime();
        private long bytesSeen;
        private long newsNanos = headNanos;

        Client(Connection connection) {
            this.connection = connection;
        }

        void begin() {
            beganNanos = System.nanoTime();
            inExchange = true;
        }

        /** Called by one thread at a time, since a connection has one exchange at a time. */
        void end() {
            exchanges++;
            inExchange = false;
        }

        void look(long now) {
            long bytes = bytesIn();
            boolean inExchangeNow = inExchange;
            if (inExchangeNow || bytes != bytesSeen) {
                bytesSeen = bytes;
                newsNanos = now;
            }
            // Bytes that came since there last was an exchange, or nothing, are of a head that is not complete yet.
            if (inExchangeNow || exchanges != exchangesBefore || bytes == bytesBefore) {
                exchangesBefore = exchanges;
                bytesBefore = bytes;
                headNanos = now;
            }
        }

        boolean takesLongerThan(Duration max, long now) {
            return now - (inExchange ? beganNanos : headNanos) > max.toNanos();
        }

        boolean isSilentForLongerThan(Duration max, long now) {
            return !inExchange && now - newsNanos > max.toNanos();
        }

        /** With TLS those of the handshake too, after which nothing may follow. */
        private long bytesIn() {
            return connection.getEndPoint() instanceof SslConnection.SslEndPoint tls
                    ? tls.getSslConnection().getBytesIn()
                    : connection.getBytesIn();
        }
    }
}
