package io.streamlocks.coordinator.http.jetty;

import java.nio.ByteBuffer;
import java.util.concurrent.Executor;
import org.eclipse.jetty.http.HttpException;
import org.eclipse.jetty.http.HttpParser;
import org.eclipse.jetty.http.HttpVersion;
import org.eclipse.jetty.http.MetaData;
import org.eclipse.jetty.io.EndPoint;
import org.eclipse.jetty.server.Connector;
import org.eclipse.jetty.server.HttpConfiguration;
import org.eclipse.jetty.server.Request;
import org.eclipse.jetty.server.internal.HttpConnection;
import org.eclipse.jetty.util.Callback;
import org.jspecify.annotations.Nullable;

/** A connection of {@link HttpConnections}, whose properties are described there. */
final class SerialConnection extends HttpConnection {

    /**
     * Is enough for most calls. Jetty reads the rest of a body that is refused with the buffer of its head. With 1 kB, a
     * caller that sends long bodies takes so much time of the processors that others lose their leases.
     */
    static final int SMALL_BUFFER = 2048;

    private final Callback whenFillable = new Callback() {
        @Override
        public void succeeded() {
            onFillable();
        }

        @Override
        public void failed(Throwable cause) {
            onFillInterestedFailed(cause);
        }

        @Override
        public InvocationType getInvocationType() {
            return getServer().getInvocationType();
        }
    };

    /** Whether a thread parses or handles a request in {@link #onFillable}. */
    private volatile boolean isParsing;

    /** Whether the buffer of a request may be larger than {@link #SMALL_BUFFER}. */
    private volatile boolean hasLargeBuffer;

    /** The exchange under way; null if there is none. */
    private volatile @Nullable Exchange exchange;

    /** How many bytes were read during requests. One thread at a time reads, so an increment loses nothing. */
    private volatile long bytesAhead;

    SerialConnection(HttpConfiguration http, Connector connector, EndPoint endPoint) {
        super(http, connector, endPoint);
    }

    /**
     * Has this connection called when more has come. Mostly the thread that notices it reads and handles it, too: to
     * wake another thread takes longer than to handle a short call. A handshake of TLS takes longer still, so with
     * TLS another thread reads.
     */
    @Override
    public void fillInterested(Callback callback) {
        super.fillInterested(isSecure() ? new ByAnotherThread(callback) : callback);
    }

    /** Returns the exchange of a request that is being handled. */
    static Exchange exchangeOf(Request request) {
        if (request.getConnectionMetaData() instanceof SerialConnection connection) {
            Exchange current = connection.exchange;
            if (current != null) {
                return current;
            }
        }
        throw new IllegalStateException("The request is not on a connection of this server");
    }

    /**
     * Reads what came and has it handled. A second thread does not wait for a handler here. It comes when the first
     * thread has handed its request on, has found that it is not HTTP, or is to read more, and in each case the first
     * thread is about to return.
     */
    @Override
    public void onFillable() {
        Exchange current;
        synchronized (this) {
            isParsing = true;
            hasLargeBuffer = false;
            try {
                super.onFillable();
            } finally {
                isParsing = false;
            }
            current = exchange;
        }
        if (current != null) {
            current.beginWatch();
        }
    }

    /**
     * Returns the size of a new buffer for what comes. A connection keeps a small buffer of a request with a body
     * until its next request, and a large one until the response, and would take 20 kB with TLS. Thousands of calls
     * that wait would fill the heap. Only what is left of a long body has a large buffer.
     */
    @Override
    public int getInputBufferSize() {
        int full = super.getInputBufferSize();
        HttpParser parser = getParser();
        boolean isLong = parser.inContentState() && parser.getContentLength() - parser.getContentRead() > SMALL_BUFFER;
        if (isLong) {
            hasLargeBuffer = true;
        }
        return isLong ? full : Math.min(full, SMALL_BUFFER);
    }

    /** Returns whether the request has been read to its end, and nothing of another one has been read. */
    boolean isAtEndOfRequest() {
        return getParser().isComplete() && isRequestBufferEmpty();
    }

    /** Takes bytes that follow the request. They are parsed after the response. */
    void readAhead(ByteBuffer bytes) {
        bytesAhead = bytesAhead + bytes.remaining();
        onUpgradeTo(bytes);
    }

    @Override
    public long getBytesIn() {
        return super.getBytesIn() + bytesAhead;
    }

    @Override
    protected RequestHandler newRequestHandler() {
        return new Requests();
    }

    @Override
    protected HttpStreamOverHTTP1 newHttpStream(String method, String uri, HttpVersion version) {
        Exchange begun = new Exchange(method, uri, version);
        exchange = begun;
        return begun;
    }

    /** Returns an executor to which Jetty passes this connection when another thread has sent a response. */
    @Override
    protected Executor getExecutor() {
        return task -> {
            if (task == this && !isParsing && isBetweenRequests()) {
                // A thread would find nothing to read, and do just this. It would also return the buffer if the request
                // had a body, and a small buffer may stay.
                fillInterested(whenFillable);
            } else {
                super.getExecutor().execute(task);
            }
        };
    }

    private boolean isBetweenRequests() {
        return getParser().isStart()
                && isRequestBufferEmpty()
                && !hasLargeBuffer
                && getEndPoint().isOpen();
    }

    private static final class ByAnotherThread extends Callback.Nested {

        ByAnotherThread(Callback callback) {
            super(callback);
        }

        @Override
        public InvocationType getInvocationType() {
            return InvocationType.BLOCKING;
        }
    }

    private final class Requests extends RequestHandler {
        /**
         * Responds to what is not HTTP, unless the client has gone after a part of a head: nobody would read the
         * response. For a crowd of such clients Jetty would start a thread per response, beyond those of the server.
         */
        @Override
        public void badMessage(HttpException failure) {
            if (!getEndPoint().isInputShutdown()) {
                super.badMessage(failure);
            }
        }
    }

    /** A request and its response, during which the client can be watched. */
    final class Exchange extends HttpStreamOverHTTP1 {

        /** Null if the client is not watched. */
        private volatile @Nullable ClientWatch watch;

        /** Whether the end of the response is being sent, or cannot be sent. */
        private volatile boolean isOver;

        private Exchange(String method, String uri, HttpVersion version) {
            super(method, uri, version);
        }

        /**
         * Runs an action once if the client closes its connection before the end of the response is sent.
         *
         * @throws IllegalStateException if the client is watched already
         */
        void onClientGone(Runnable action) {
            if (watch != null) {
                throw new IllegalStateException("The client is watched already");
            }
            watch = new ClientWatch(SerialConnection.this, action);
            beginWatch();
        }

        /**
         * Begins the watch if there is one and no thread is parsing. A thread that parses calls this at its end. The
         * order of the writes and reads of the fields ensures that one of the threads sees what it needs.
         */
        private void beginWatch() {
            ClientWatch wanted = watch;
            if (wanted != null && !isParsing && !isOver) {
                wanted.begin();
            }
        }

        @Override
        public void send(
                MetaData.Request request,
                MetaData.@Nullable Response response,
                boolean last,
                @Nullable ByteBuffer content,
                Callback callback) {
            if (last) {
                // A client that has its response may close the connection at once.
                isOver = true;
                ClientWatch wanted = watch;
                if (wanted != null) {
                    wanted.forget();
                }
            }
            super.send(request, response, last, content, callback);
        }

        @Override
        public void succeeded() {
            end(super::succeeded);
        }

        @Override
        public void failed(Throwable x) {
            end(() -> super.failed(x));
        }

        private void end(Runnable ending) {
            isOver = true;
            // A connection that is kept must not keep what is left of its last request.
            exchange = null;
            ClientWatch wanted = watch;
            if (wanted == null) {
                ending.run();
            } else {
                wanted.end(ending);
            }
        }
    }
}
