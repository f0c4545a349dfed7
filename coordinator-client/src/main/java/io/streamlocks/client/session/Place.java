package io.streamlocks.client.session;

import io.streamlocks.client.HeldLease;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;

/**
 * The place of a stream in a registry, where its session opens, lives and ends. A stream has its place from before its
 * lease is asked for until after that lease is released.
 */
final class Place<E> {

    private final CompletableFuture<Optional<Session<E>>> opened = new CompletableFuture<>();
    private final CompletableFuture<Void> over = new CompletableFuture<>();
    private volatile Optional<HeldLease> lease = Optional.empty();

    /**
     * Returns the future of the session; empty if another worker has the stream. It fails if the session did not open.
     */
    CompletableFuture<Optional<Session<E>>> opened() {
        return opened;
    }

    /** Takes note that the stream is held, while its session is being opened. */
    void holds(HeldLease granted) {
        lease = Optional.of(granted);
    }

    /** Returns the lease; empty until it is granted. */
    Optional<HeldLease> lease() {
        return lease;
    }

    /** Returns a future that is done when the place is free again. It never fails. */
    CompletableFuture<Void> over() {
        return over;
    }

    /** Returns the session; empty if it is not open yet, or did not open. */
    Optional<Session<E>> session() {
        return opened.isCompletedExceptionally() ? Optional.empty() : opened.getNow(Optional.empty());
    }
}
