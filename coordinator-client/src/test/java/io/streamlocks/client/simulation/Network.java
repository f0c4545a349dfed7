package io.streamlocks.client.simulation;

import io.streamlocks.coordinator.lock.group.GroupCommit;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
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

    /** A request, and what has come back. */
    private final class Exchange<O> {
        private final String link;
        private final SimulatedServer server;
        private final Function<GroupCommit, CompletableFuture<List<O>>> request;
        private final SimulatedThread caller = SimulatedThread.current();
        private List<O> outcomes;
        private Throwable failure;

        Exchange(
                SimulatedProcess caller,
                SimulatedServer server,
                Function<GroupCommit, CompletableFuture<List<O>>> request) {
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
            request.apply(server.locks()).whenComplete((decided, thrown) -> {
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
        SimulatedServer server = servers.get(scheduler.random().nextInt(servers.size()));
        Exchange<O> exchange = new Exchange<>(caller, server, request);
        exchange.send(delay());
        if (scheduler.random().nextDouble() < duplicating) {
            // The duplicate comes long after, when its caller may have given up, retried, released or lost the lease.
            exchange.send(
                    delay() + (long) (2 * timeoutNanos * scheduler.random().nextDouble()));
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
}
