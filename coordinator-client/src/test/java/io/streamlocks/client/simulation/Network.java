package io.streamlocks.client.simulation;

import io.streamlocks.client.SimulatedClient;
import io.streamlocks.coordinator.lock.AcquireOutcome;
import io.streamlocks.coordinator.lock.AcquireRequest;
import io.streamlocks.coordinator.lock.group.GroupCommit;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import java.util.function.Function;

/** Carries requests to the servers and answers back: late, out of order, twice or never. */
final class Network {

    /** It is unknown whether the request had an effect. */
    static final class NoAnswerException extends RuntimeException {
        private static final long serialVersionUID = 1L;

        NoAnswerException(String message, Throwable cause) {
            super(message, cause);
        }
    }

    private final Scheduler scheduler;
    private final List<SimulatedServer> servers;

    /** The time until which requests and answers are lost, by "worker server". */
    private final Map<String, Long> requestsCutUntil = new HashMap<>();

    private final Map<String, Long> answersCutUntil = new HashMap<>();

    long minNanos = TimeUnit.MICROSECONDS.toNanos(50);
    long maxNanos = TimeUnit.MILLISECONDS.toNanos(3);
    double losingRequests;
    double losingAnswers;
    double duplicating;

    Network(Scheduler scheduler, List<SimulatedServer> servers) {
        this.scheduler = scheduler;
        this.servers = servers;
    }

    /** Loses everything between the two in the given directions, for so long. */
    void cut(String worker, String server, boolean requests, boolean answers, long nanos) {
        if (requests) {
            requestsCutUntil.put(worker + " " + server, scheduler.now() + nanos);
        }
        if (answers) {
            answersCutUntil.put(worker + " " + server, scheduler.now() + nanos);
        }
    }

    /** Ends all faults. */
    void heal() {
        requestsCutUntil.clear();
        answersCutUntil.clear();
        maxNanos = TimeUnit.MILLISECONDS.toNanos(3);
        losingRequests = 0;
        losingAnswers = 0;
        duplicating = 0;
    }

    /** Carries a request out at a server. */
    private interface Request<O> {
        CompletableFuture<List<O>> send(SimulatedServer server, Exchange<O> exchange);
    }

    /** A request, and what has come back. */
    private final class Exchange<O> {
        private final String link;
        private final SimulatedServer server;
        private final Request<O> request;
        private final SimulatedThread caller = SimulatedThread.current();
        private List<O> outcomes;
        private Throwable failure;

        /** What the server does when it notices that the client has gone. */
        private final List<Runnable> onClosed = new ArrayList<>();

        private boolean isClosedAtServer;

        Exchange(SimulatedProcess caller, SimulatedServer server, Request<O> request) {
            this.link = caller.name() + " " + server.process().name();
            this.server = server;
            this.request = request;
        }

        boolean isDone() {
            return outcomes != null || failure != null;
        }

        void send(long nanos) {
            if (!isLost(losingRequests, requestsCutUntil)) {
                scheduler.after(nanos, link, this::arrive);
            }
        }

        private void arrive() {
            if (!server.isUp()) {
                answer(null, new NoAnswerException("The connection was refused", null));
                return;
            }
            int life = server.starts();
            request.send(server, this).whenComplete((decided, thrown) -> {
                if (server.isUp() && server.starts() == life) {
                    answer(decided, thrown);
                }
            });
        }

        private void answer(List<O> decided, Throwable thrown) {
            if (!isLost(losingAnswers, answersCutUntil)) {
                scheduler.after(delay(), link, () -> {
                    if (!isDone()) {
                        outcomes = decided;
                        failure = thrown;
                        scheduler.wake(caller);
                    }
                });
            }
        }

        /** The server closes the connection, if it can. */
        private void reset() {
            answer(null, new NoAnswerException("The connection was reset", null));
        }

        private void onClosed(Runnable action) {
            if (isClosedAtServer) {
                action.run();
            } else {
                onClosed.add(action);
            }
        }

        /** The end of the connection reaches the server, unless it is lost. */
        private void close() {
            if (!isLost(losingRequests, requestsCutUntil)) {
                int life = server.starts();
                scheduler.after(delay(), link, () -> {
                    isClosedAtServer = true;
                    if (server.isUp() && server.starts() == life) {
                        onClosed.forEach(Runnable::run);
                    }
                });
            }
        }

        private boolean isLost(double losing, Map<String, Long> cutUntil) {
            return scheduler.random().nextDouble() < losing || cutUntil.getOrDefault(link, 0L) > scheduler.now();
        }
    }

    /** Returns the time that a message takes. Most are quick, and a few take as long as possible. */
    long delay() {
        double part = Math.pow(scheduler.random().nextDouble(), 3);
        return minNanos + (long) ((maxNanos - minNanos) * part);
    }

    /**
     * Sends a request to one of the servers. This blocks the calling thread until there is an answer.
     *
     * @param timeoutNanos the longest time that this blocks, on the caller's clock
     * @throws NoAnswerException if there was no usable answer in time
     */
    <O> List<O> call(
            SimulatedProcess caller, long timeoutNanos, Function<GroupCommit, CompletableFuture<List<O>>> request) {
        Exchange<O> exchange = new Exchange<>(caller, anyServer(), (server, itself) -> request.apply(server.locks()));
        return await(exchange, caller, timeoutNanos, timeoutNanos);
    }

    private SimulatedServer anyServer() {
        return servers.get(scheduler.random().nextInt(servers.size()));
    }

    /** @param lateNanos how much later than the request its duplicate can come, if there is one */
    private <O> List<O> await(Exchange<O> exchange, SimulatedProcess caller, long timeoutNanos, long lateNanos) {
        exchange.send(delay());
        if (scheduler.random().nextDouble() < duplicating) {
            // The duplicate comes long after, when its caller may have given up, retried, released or lost the lease.
            exchange.send(delay() + (long) (2 * lateNanos * scheduler.random().nextDouble()));
        }
        long until = caller.inNanos(timeoutNanos);
        while (!exchange.isDone() && scheduler.now() < until) {
            SimulatedThread.current().block(until);
        }
        if (exchange.outcomes != null) {
            return exchange.outcomes;
        }
        throw new NoAnswerException("No answer", exchange.failure);
    }

    Connection connect(SimulatedProcess caller) {
        return new Connection(caller);
    }

    /** A connection for calls that wait. Its end ends them. */
    final class Connection implements SimulatedClient.Connection {
        private final SimulatedProcess caller;
        private final Set<Exchange<AcquireOutcome>> underWay = new LinkedHashSet<>();
        private boolean closed;

        private Connection(SimulatedProcess caller) {
            this.caller = caller;
        }

        @Override
        public List<AcquireOutcome> acquire(List<AcquireRequest> requests, Duration wait, Duration patience) {
            if (closed) {
                throw new NoAnswerException("The connection is closed", null);
            }
            boolean resets = scheduler.random().nextBoolean();
            Exchange<AcquireOutcome> exchange = new Exchange<>(
                    caller,
                    anyServer(),
                    (server, itself) -> server.acquire(
                            caller.name(), requests, wait, itself::onClosed, resets ? itself::reset : () -> {}));
            underWay.add(exchange);
            try {
                return await(exchange, caller, wait.plus(patience).toNanos(), patience.toNanos());
            } finally {
                underWay.remove(exchange);
            }
        }

        @Override
        public void close() {
            if (!closed) {
                abandon();
                underWay.forEach(exchange -> {
                    exchange.failure = new NoAnswerException("The connection was closed", null);
                    scheduler.wake(exchange.caller);
                });
            }
        }

        /** The process is dead, and its host closes the connection. */
        void abandon() {
            closed = true;
            underWay.forEach(Exchange::close);
        }
    }
}
