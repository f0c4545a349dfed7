package io.streamlocks.client;

import java.net.URI;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.concurrent.Executor;
import java.util.function.Supplier;
import java.util.stream.Stream;
import javax.net.ssl.SSLContext;

/**
 * The settings of a client, one method each. This class is not thread-safe.
 *
 * @param <B> the builder, which the methods return
 */
abstract class ClientOptions<B> {

    private final List<URI> uris;
    private Optional<String> ownerId = Optional.empty();
    private Optional<Duration> ttl = Optional.empty();
    private Optional<Duration> heartbeatInterval = Optional.empty();
    private Optional<Duration> requestTimeout = Optional.empty();
    private Duration acquireTimeout = Duration.ofSeconds(5);
    private Optional<Supplier<String>> bearerToken = Optional.empty();
    private Map<String, String> labels = Map.of();
    private Optional<SSLContext> sslContext = Optional.empty();
    private Optional<Executor> callbackExecutor = Optional.empty();
    private final List<StreamLockListener> listeners = new ArrayList<>();

    ClientOptions(URI uri, URI... more) {
        this.uris = Stream.concat(Stream.of(uri), Stream.of(more)).toList();
    }

    /** Sets the label of this process, unique per process start; {@code <host>-<pid>-<random>} by default. */
    public B ownerId(String label) {
        this.ownerId = Optional.of(label);
        return self();
    }

    /**
     * Sets the length of leases, from 1 s to 24 h. By default the coordinator chooses it ({@code LOCK_TTL_MS}). The
     * streams of a worker that has crashed are free after it.
     */
    public B ttl(Duration length) {
        this.ttl = Optional.of(length);
        return self();
    }

    /**
     * Sets how often leases are renewed, below the ttl less a tenth; a third of a lease's length by default. If the
     * coordinator chooses the length, and it is too short for this interval, the client uses a third of it.
     */
    public B heartbeatInterval(Duration interval) {
        this.heartbeatInterval = Optional.of(interval);
        return self();
    }

    /**
     * Sets how long to wait for a connection, and for its answer, each; a quarter of a lease's length by default, and
     * 5 s at most. If the coordinator chooses the length, it is 5 s until the first grant. With several servers, one
     * try of an acquire waits for no longer than a part of {@link #acquireTimeout}.
     */
    public B requestTimeout(Duration timeout) {
        this.requestTimeout = Optional.of(timeout);
        return self();
    }

    /**
     * Sets how long an acquire without an answer is repeated; 5 s by default. With several servers, no try takes all of
     * this time, so that one that hangs leaves time for the next server. A try takes at most a third of it with two
     * servers, and a quarter with three, but at least 100 ms, and never more than {@link #requestTimeout}.
     */
    public B acquireTimeout(Duration timeout) {
        this.acquireTimeout = Objects.requireNonNull(timeout, "timeout");
        return self();
    }

    /**
     * Sets what else operators see of the holder, such as its pod, region and build: up to 16 names of 1 to 63
     * characters, with values of up to 255; none by default.
     */
    public B labels(Map<String, String> namesAndValues) {
        this.labels = Map.copyOf(namesAndValues);
        return self();
    }

    /** Sets what is sent as {@code Authorization: Bearer} with every call; none by default. */
    public B bearerToken(String token) {
        Objects.requireNonNull(token, "token");
        return bearerToken(() -> token);
    }

    /**
     * Sets what returns the token for each call, because tokens expire.
     *
     * @param token is asked before every call, by several threads at once. It must return at once, so that it holds up
     *     no renewal: another thread fetches the next token before this one expires. If it throws, the call fails
     */
    public B bearerToken(Supplier<String> token) {
        this.bearerToken = Optional.of(token);
        return self();
    }

    /** Sets which certificates to trust of a coordinator with an https URI; those that Java trusts by default. */
    public B sslContext(SSLContext trust) {
        this.sslContext = Optional.of(trust);
        return self();
    }

    /**
     * Sets what runs the callbacks of {@link HeldLease#onLost}, never in the thread that submits; own threads by
     * default.
     */
    public B callbackExecutor(Executor executor) {
        this.callbackExecutor = Optional.of(executor);
        return self();
    }

    /** Adds what receives the events of the client, for metrics; nothing by default. Each that is added gets all. */
    public B listener(StreamLockListener receiver) {
        listeners.add(Objects.requireNonNull(receiver, "receiver"));
        return self();
    }

    ClientSettings settings() {
        return new ClientSettings(
                uris,
                new Owner(ownerId.orElseGet(ClientSettings::newOwnerId), labels),
                new Timing(ttl, heartbeatInterval, requestTimeout, acquireTimeout),
                bearerToken,
                sslContext,
                callbackExecutor,
                List.copyOf(listeners));
    }

    /** Returns this. */
    abstract B self();
}
