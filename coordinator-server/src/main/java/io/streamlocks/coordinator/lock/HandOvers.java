package io.streamlocks.coordinator.lock;

import java.time.Duration;
import java.util.List;

/**
 * How a backend reports that it has handed a stream over to a caller that waits at this server. Reports
 * can be lost, so the server looks at the streams in any case. Implementations are thread-safe.
 */
public interface HandOvers extends AutoCloseable {

    /** Is informed of hand-overs. The methods must not block. */
    interface Listener {

        /**
         * A stream was handed over.
         *
         * @param streamId the stream
         * @param fencingToken the token of the new lease
         */
        void handedOver(String streamId, long fencingToken);

        /**
         * Returns whether callers of this server wait for a stream. If so, a release of the stream at this server finds
         * out what has become of it. Otherwise a hand-over is reported as usual.
         *
         * @param streamId the stream
         */
        default boolean isAwaited(String streamId) {
            return false;
        }

        /**
         * A release of this server has found out what has become of its streams, some of which are awaited.
         *
         * @param streams the streams after the release
         * @param ago how long ago the storage was asked, or longer; the rest of a lease is as of then or later
         */
        default void found(List<AwaitedStream> streams, Duration ago) {}

        /** Reports may have been lost. */
        void reportsLost();
    }

    /**
     * Sets who is informed.
     *
     * @param listener is called on a thread of the backend
     */
    void listen(Listener listener);

    /** Returns whether reports arrive now, as far as this backend has checked. */
    boolean areReported();

    /** Ends the reports. Returns at once. */
    @Override
    void close();
}
