package io.streamlocks.coordinator.http;

import io.streamlocks.coordinator.telemetry.Refusal;
import io.streamlocks.coordinator.telemetry.Telemetry;
import jakarta.servlet.http.HttpServletRequest;
import java.util.Arrays;
import java.util.concurrent.Executor;
import org.eclipse.jetty.http.HttpHeader;
import org.eclipse.jetty.io.Content;
import org.eclipse.jetty.server.Handler;
import org.eclipse.jetty.server.Request;
import org.eclipse.jetty.server.Response;
import org.eclipse.jetty.util.Callback;

/**
 * Reads the body of a request to its end before any route sees the request. No thread waits for it: a client that sends
 * slowly, or not at all, has a connection and a few kB of memory, and nothing that others need.
 */
final class BodyReader extends Handler.Wrapper {

    static final int MAX_BODY_BYTES = 1024 * 1024;

    /** What is read, and forgotten, of a body that is too large. */
    private static final long MAX_DISCARDED_BYTES = 16L * MAX_BODY_BYTES;

    /** So much is held without being counted: that of all connections together is no harm. */
    private static final int SMALL_BODY_BYTES = 8 * 1024;

    private static final String BODY = BodyReader.class.getName();
    private static final byte[] NO_BODY = {};

    private final HeldBytes held;
    private final Executor threads;
    private final Telemetry telemetry;

    /**
     * @param held counts the bodies that are being read
     * @param threads handle the requests whose body came late
     * @param telemetry counts what is refused
     */
    BodyReader(HeldBytes held, Executor threads, Telemetry telemetry) {
        this.held = held;
        this.threads = threads;
        this.telemetry = telemetry;
    }

    /**
     * The body of a request.
     *
     * @throws ProblemException if it is too large, or ended early
     */
    static byte[] body(HttpServletRequest request) {
        Object body = request.getAttribute(BODY);
        if (body instanceof ProblemException problem) {
            throw problem;
        }
        return body == null ? NO_BODY : (byte[]) body;
    }

    @Override
    public boolean handle(Request request, Response response, Callback callback) throws Exception {
        if (request.getLength() <= 0 && !request.getHeaders().contains(HttpHeader.TRANSFER_ENCODING)) {
            return super.handle(request, response, callback);
        }
        if (request.getLength() > MAX_BODY_BYTES && request.getHeaders().contains(HttpHeader.EXPECT)) {
            // The client waits with the body, and to read would tell it to go on.
            request.setAttribute(BODY, tooLarge());
            return super.handle(request, response, callback);
        }
        Reading reading = new Reading(request, response, callback);
        if (reading.isDone()) {
            reading.handle();
        }
        return true;
    }

    private static ProblemException tooLarge() {
        return new ProblemException(
                Problem.of(ProblemType.BODY_TOO_LARGE, "The body is over " + MAX_BODY_BYTES + " bytes."));
    }

    private static ProblemException endedEarly() {
        return new ProblemException(Problem.of(ProblemType.BAD_REQUEST, "The body ended early."));
    }

    private static ProblemException overloaded() {
        return new ProblemException(
                Problem.of(ProblemType.OVERLOADED, "The server is reading too much already. Try again."));
    }

    /** One body on its way. Called by one thread at a time. */
    private final class Reading extends Callback.Nested implements Runnable {

        private final Request request;
        private final Response response;
        private byte[] body;
        private int size;
        private int counted;

        /** Of a body that is too large; else 0. */
        private long discarded;

        Reading(Request request, Response response, Callback callback) {
            super(callback);
            this.request = request;
            this.response = response;
            // Not by what is announced alone: that costs the client nothing.
            this.body = new byte[(int) Math.max(0, Math.min(request.getLength(), SMALL_BODY_BYTES))];
        }

        /** Reads what is there. If that is not all, the rest is read as it comes, and then the request handled. */
        boolean isDone() {
            for (Content.Chunk chunk = request.read(); chunk != null; chunk = request.read()) {
                if (Content.Chunk.isFailure(chunk)) {
                    // The client went away or sent no HTTP; there may be nobody left to read the answer.
                    return done(endedEarly());
                }
                ProblemException refusal = take(chunk);
                boolean last = chunk.isLast();
                chunk.release();
                if (refusal != null) {
                    return done(refusal);
                }
                if (last) {
                    return done(discarded > 0 ? tooLarge() : size == body.length ? body : Arrays.copyOf(body, size));
                }
            }
            request.demand(this);
            return false;
        }

        private boolean done(Object result) {
            request.setAttribute(BODY, result);
            if (result instanceof ProblemException) {
                forget();
            }
            return true;
        }

        private void forget() {
            body = NO_BODY;
            held.giveBack(counted);
            counted = 0;
        }

        /** More of the body is there. */
        @Override
        public void run() {
            if (isDone()) {
                // Elsewhere, since whoever calls this must not be held up.
                threads.execute(this::handle);
            }
        }

        void handle() {
            try {
                if (!getHandler().handle(request, response, this)) {
                    Response.writeError(request, response, this, 404);
                }
            } catch (Throwable e) {
                Response.writeError(request, response, this, e);
            }
        }

        private ProblemException take(Content.Chunk chunk) {
            int more = chunk.remaining();
            if (discarded > 0 || size + more > MAX_BODY_BYTES) {
                // Read on all the same: a client that is still sending when the connection ends would not see the
                // answer, but a broken pipe.
                discarded += more;
                forget();
                return discarded > MAX_DISCARDED_BYTES ? tooLarge() : null;
            }
            if (size + more > body.length && !grow(size + more)) {
                telemetry.refused(Refusal.BODY_MEMORY);
                return overloaded();
            }
            chunk.get(body, size, more);
            size += more;
            return null;
        }

        private boolean grow(int needed) {
            int length = Math.max(needed, Math.min(2 * body.length, (int) Math.min(announced(), MAX_BODY_BYTES)));
            if (length > SMALL_BODY_BYTES) {
                if (!held.take(length - counted)) {
                    return false;
                }
                counted = length;
            }
            body = Arrays.copyOf(body, length);
            return true;
        }

        private long announced() {
            return request.getLength() < 0 ? MAX_BODY_BYTES : request.getLength();
        }

        /** The request has been answered. */
        @Override
        public void completed() {
            forget();
        }
    }
}
