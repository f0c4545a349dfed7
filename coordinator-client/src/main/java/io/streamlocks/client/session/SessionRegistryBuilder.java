package io.streamlocks.client.session;

import io.streamlocks.client.StreamLockClient;
import java.time.Duration;
import java.util.Objects;
import java.util.Optional;
import java.util.Random;
import java.util.function.Consumer;

/**
 * The settings of a {@link SessionRegistry}. This class is not thread-safe.
 *
 * @param <E> an event
 */
public final class SessionRegistryBuilder<E> {

    final StreamLockClient client;
    final SessionFactory<E> factory;
    int maxConcurrentSessions = 32;
    int queueCapacity = 1000;
    Duration idleTimeout = Duration.ofMinutes(1);
    Duration drainTimeout = Duration.ofSeconds(10);
    Duration handOverTimeout = Duration.ofSeconds(10);
    Optional<String> group = Optional.empty();
    Random random = new Random();
    Consumer<SessionEnd<E>> onEnd = end -> {};
    SessionRuntime runtime = SessionRuntime.JVM;

    SessionRegistryBuilder(StreamLockClient client, SessionFactory<E> factory) {
        this.client = Objects.requireNonNull(client, "client");
        this.factory = Objects.requireNonNull(factory, "factory");
    }

    /** Sets the most sessions at a time; 32 by default. */
    public SessionRegistryBuilder<E> maxConcurrentSessions(int most) {
        this.maxConcurrentSessions = positive(most, "maxConcurrentSessions");
        return this;
    }

    /** Sets the most events that wait in a session; 1000 by default. */
    public SessionRegistryBuilder<E> queueCapacity(int most) {
        this.queueCapacity = positive(most, "queueCapacity");
        return this;
    }

    /**
     * Sets how long a session may wait for an event until {@link SessionRegistry#evictIdle()} stops it; 1 min by
     * default.
     */
    public SessionRegistryBuilder<E> idleTimeout(Duration time) {
        this.idleTimeout = notNegative(time, "idleTimeout");
        return this;
    }

    /** Sets how long {@link SessionRegistry#drainAll()} lets sessions handle their events; 10 s by default. */
    public SessionRegistryBuilder<E> drainTimeout(Duration time) {
        this.drainTimeout = notNegative(time, "drainTimeout");
        return this;
    }

    /**
     * Makes the registry a member of a group: the workers of a group share the streams evenly. A worker takes no
     * more than its share, and hands streams over when another one joins. A group has the streams of one source,
     * and one kind of worker. By default there is no group, and the registry takes all streams it can get.
     *
     * <p>A process is one member. Registries of one client that are in the same group would overwrite each other's
     * reports. {@link #build()} rejects an id that is empty or too long.
     *
     * @param groupId the group, 1 to 255 printable characters
     */
    public SessionRegistryBuilder<E> group(String groupId) {
        this.group = Optional.of(groupId);
        return this;
    }

    /**
     * Sets how long a session that hands its stream over may handle the events that it has; 10 s by default. Then
     * its handler is interrupted, and {@link SessionEnd#unhandled()} has the events that are left.
     */
    public SessionRegistryBuilder<E> handOverTimeout(Duration time) {
        this.handOverTimeout = notNegative(time, "handOverTimeout");
        return this;
    }

    /** Sets what receives the end of each session, once, on a thread of the registry; nothing by default. */
    public SessionRegistryBuilder<E> onEnd(Consumer<SessionEnd<E>> receiver) {
        this.onEnd = Objects.requireNonNull(receiver, "receiver");
        return this;
    }

    SessionRegistryBuilder<E> runtime(SessionRuntime other, Random otherRandom) {
        this.runtime = other;
        this.random = otherRandom;
        return this;
    }

    /** Makes the registry. */
    public SessionRegistry<E> build() {
        return new SessionRegistry<>(this);
    }

    private static Duration notNegative(Duration time, String name) {
        if (time.isNegative()) {
            throw new IllegalArgumentException(name + " must not be negative");
        }
        return time;
    }

    private static int positive(int value, String name) {
        if (value < 1) {
            throw new IllegalArgumentException(name + " must be at least 1");
        }
        return value;
    }
}
