package io.streamlocks.client.session;

import java.time.Duration;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Objects;
import java.util.Set;
import java.util.concurrent.Executors;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.TimeUnit;
import java.util.function.LongSupplier;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Asks a source for events again and again, and routes them to a registry. It has one thread of its own, so turns never
 * overlap. Each turn first evicts the registry's idle sessions. No exception of the source or the registry ends the
 * loop. Identical errors are logged once in 30 s.
 *
 * <p>If another worker has the stream of an event, the event is {@link RouteResult#LOCKED}, and the registry waits for
 * the stream in the order of arrival. All streams that it waits for share one call, which it repeats every few seconds.
 * While it waits, events of the stream cost no call of their own. When the stream is granted, the next event opens its
 * session. So the source must return an event again that it still wants. The registry stops to wait for a stream, or
 * releases it, if no event of it comes for two turns and 5 s.
 *
 * <p>With a {@linkplain SessionRegistryBuilder#group group}, each turn first acquires streams that the worker lacks to
 * its share, with one call for each thousand.
 *
 * <p>This class is thread-safe.
 *
 * @param <E> an event
 */
public final class PollLoop<E> implements AutoCloseable {

    private static final Logger LOG = LoggerFactory.getLogger(PollLoop.class);

    /** A source may leave out an event for a short time, for example because it failed. */
    private static final Duration WANTED_FOR = Duration.ofSeconds(5);

    /** A turn that takes longer prepares its streams again. */
    private static final Duration PREPARED_FOR = Duration.ofSeconds(1);

    private final SessionRegistry<E> registry;
    private final EventSource<E> source;
    private final Duration delay;
    private final Duration stopTimeout;
    private final RepeatedErrors errors;
    private final ScheduledExecutorService executor;

    /** When the latest turn began. Only the loop's thread uses it. */
    private long turnNanos;

    /** Null until the loop starts. */
    private volatile @Nullable Thread thread;

    /** It is guarded by this. */
    private boolean started;

    private PollLoop(Builder<E> builder) {
        this.registry = builder.registry;
        this.source = builder.source;
        this.delay = builder.delay;
        this.stopTimeout = builder.stopTimeout;
        this.errors = new RepeatedErrors(builder.logger, builder.nanoTime);
        this.executor = Executors.newSingleThreadScheduledExecutor(task -> {
            Thread polling = new Thread(task, "stream-poll");
            thread = polling;
            return polling;
        });
    }

    /**
     * Begins to set up a loop.
     *
     * @param registry takes the events; the caller closes it, after the loop
     * @param source the source of the events
     * @param <E> an event
     */
    public static <E> Builder<E> builder(SessionRegistry<E> registry, EventSource<E> source) {
        return new Builder<>(registry, source);
    }

    /**
     * Starts the loop with a turn at once. Its thread keeps the JVM alive until the loop is stopped.
     *
     * @throws IllegalStateException if it was started or stopped before
     */
    public synchronized void start() {
        if (started) {
            throw new IllegalStateException("The loop was started before");
        }
        try {
            turnNanos = System.nanoTime() - delay.toNanos();
            executor.scheduleWithFixedDelay(this::turn, 0, delay.toNanos(), TimeUnit.NANOSECONDS);
        } catch (RejectedExecutionException e) {
            throw new IllegalStateException("The loop was stopped before", e);
        }
        started = true;
    }

    /**
     * Stops the loop for good, and blocks until the turn under way is over. In that turn, events that are not routed
     * yet are {@link RouteResult#REJECTED}. After the stop time-out this interrupts the turn, and after as long again
     * it returns anyway. It does not wait if the loop's own thread calls it, or if the caller is interrupted. A second
     * call only waits.
     *
     * @return whether the last turn is over
     */
    public boolean stop() {
        executor.shutdown();
        if (Thread.currentThread() == thread) {
            return false;
        }
        try {
            if (executor.awaitTermination(stopTimeout.toNanos(), TimeUnit.NANOSECONDS)) {
                return true;
            }
            LOG.warn("The poll loop's turn is interrupted, because it is not over after {}", stopTimeout);
            executor.shutdownNow();
            return executor.awaitTermination(stopTimeout.toNanos(), TimeUnit.NANOSECONDS);
        } catch (InterruptedException e) {
            executor.shutdownNow();
            Thread.currentThread().interrupt();
            return false;
        }
    }

    /** Stops the loop as {@link #stop()} does. */
    @Override
    public void close() {
        stop();
    }

    private void turn() {
        Duration wantedFor = wantedFor();
        List<StreamEvent<E>> events;
        try {
            registry.evictIdle();
            // The message makes identical errors identical. The JVM's own message is there or not, depending on what
            // the JVM has compiled, so that the error would be logged twice.
            events = List.copyOf(Objects.requireNonNull(source.poll(), "The source's poll returned null"));
        } catch (Throwable e) {
            // This catches everything, because an executor never repeats a task that has thrown.
            if (!(e instanceof InterruptedException && executor.isShutdown())) {
                log(String.valueOf(e.getMessage()), "The poll failed", e);
            }
            return;
        }
        Set<String> streams = events.stream().map(StreamEvent::streamId).collect(Collectors.toSet());
        prepare(streams, wantedFor);
        long preparedNanos = System.nanoTime();
        Set<String> locked = new LinkedHashSet<>();
        for (StreamEvent<E> event : events) {
            if (System.nanoTime() - preparedNanos >= PREPARED_FOR.toNanos()) {
                // Sessions that are slow to open must not make the leases of the others seem unused.
                prepare(streams, wantedFor);
                preparedNanos = System.nanoTime();
            }
            route(event, locked);
        }
        try {
            registry.want(locked, wantedFor);
        } catch (Throwable e) {
            log(String.valueOf(e.getMessage()), "The wait for held streams could not begin", e);
        }
    }

    private void prepare(Set<String> streams, Duration wantedFor) {
        try {
            registry.prepare(streams, wantedFor);
        } catch (Throwable e) {
            log(String.valueOf(e.getMessage()), "The streams of the events could not be acquired", e);
        }
    }

    /** Returns for how long a stream is wanted after its latest event: for two turns at least. */
    private Duration wantedFor() {
        long began = turnNanos;
        turnNanos = System.nanoTime();
        return WANTED_FOR.plus(Duration.ofNanos(turnNanos - began).multipliedBy(2));
    }

    /** @param locked the streams that another worker had in this turn; an event must not overtake those before it */
    private void route(StreamEvent<E> event, Set<String> locked) {
        String streamId = event.streamId();
        try {
            RouteResult result;
            try {
                result = executor.isShutdown() ? RouteResult.REJECTED : outcome(event, locked);
            } catch (Throwable e) {
                log(streamId + "::" + e.getMessage(), "An event of stream " + streamId + " could not be routed", e);
                source.failed(event, e);
                return;
            }
            source.routed(event, result);
        } catch (Throwable e) {
            log(
                    streamId + "::" + e.getMessage(),
                    "The source failed to take in the outcome of an event of stream " + streamId,
                    e);
        }
    }

    private RouteResult outcome(StreamEvent<E> event, Set<String> locked) {
        if (locked.contains(event.streamId())) {
            return RouteResult.LOCKED;
        }
        RouteResult result = registry.routePrepared(event.streamId(), event.event());
        if (result == RouteResult.LOCKED) {
            locked.add(event.streamId());
        }
        return result;
    }

    private void log(String key, String what, Throwable error) {
        try {
            errors.log(key, what, error);
        } catch (Throwable e) {
            // A broken log, or a lack of memory, must not end the loop.
            error.addSuppressed(e);
        }
    }

    /**
     * The settings of a {@link PollLoop}. This class is not thread-safe.
     *
     * @param <E> an event
     */
    public static final class Builder<E> {

        private final SessionRegistry<E> registry;
        private final EventSource<E> source;
        private Duration delay = Duration.ofSeconds(1);
        private Duration stopTimeout = Duration.ofSeconds(10);
        private Logger logger = LOG;
        private LongSupplier nanoTime = System::nanoTime;

        private Builder(SessionRegistry<E> registry, EventSource<E> source) {
            this.registry = Objects.requireNonNull(registry, "registry");
            this.source = Objects.requireNonNull(source, "source");
        }

        /** Sets the time from the end of a turn to the beginning of the next; positive; 1 s by default. */
        public Builder<E> delay(Duration time) {
            this.delay = positive(time, "delay");
            return this;
        }

        /** Sets how long {@link PollLoop#stop()} waits before it interrupts the turn; positive; 10 s by default. */
        public Builder<E> stopTimeout(Duration time) {
            this.stopTimeout = positive(time, "stopTimeout");
            return this;
        }

        Builder<E> log(Logger to, LongSupplier clock) {
            this.logger = to;
            this.nanoTime = clock;
            return this;
        }

        /** Makes the loop. {@linkplain PollLoop#start() Start} it then. */
        public PollLoop<E> build() {
            return new PollLoop<>(this);
        }

        private static Duration positive(Duration time, String name) {
            if (time.isNegative() || time.isZero()) {
                throw new IllegalArgumentException(name + " must be positive");
            }
            return time;
        }
    }
}
