package io.streamlocks.coordinator.http;

import io.streamlocks.coordinator.log.RepeatedErrorLog;
import io.streamlocks.coordinator.telemetry.Refusal;
import io.streamlocks.coordinator.telemetry.Telemetry;
import jakarta.servlet.http.HttpServletRequest;
import java.util.Arrays;
import java.util.concurrent.Executor;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import org.eclipse.jetty.http.HttpHeader;
import org.eclipse.jetty.io.Content;
import org.eclipse.jetty.server.Handler;
import org.eclipse.jetty.server.Request;
import org.eclipse.jetty.server.Response;
import org.eclipse.jetty.util.Callback;
import org.eclipse.jetty.util.thread.Scheduler;
import org.slf4j.event.Level;

/**
 * Reads the body of a request to its end before any route sees the request, and keeps it only if its caller is {@linkplain
 * Access#isLetIn let in}. No thread waits for it: a client that sends slowly, or not at all, has a connection and a few kB of
 * memory for a few seconds, and nothing that others need.
 */
final class BodyReader extends Handler.Wrapper {

    /** The limit for a call on one stream: its longest valid body, in the longest encoding that JSON has for it. */
    static final int MAX_BODY_BYTES = 64 * 1024;

    /** The limit for a batch. */
    static final int MAX_BATCH_BYTES = 1024 * 1024;

    private static final String BATCHES = "/v1/batch/";

    /** The server reads and forgets so much of a body that is too large or unwanted. */
    private static final long MAX_DISCARDED_BYTES = 16L * MAX_BATCH_BYTES;

    /** So much is held without being counted: that of all connections together is no harm. */
    private static final int SMALL_BODY_BYTES = 8 * 1024;

    /** So much of the heap a large body can take while it is parsed, twice: thirty times its size. */
    private static final long HEAP_FOR_LARGE = 64L * 1024 * 1024;

    /** How many large bodies are parsed at once. More would be no faster, since nothing waits while it parses. */
    private static final int MAX_LARGE_AT_ONCE = (int) Math.max(
            1,
            Math.min(
                    Math.min(4, Runtime.getRuntime().availableProcessors()),
                    Runtime.getRuntime().maxMemory() / HEAP_FOR_LARGE));

    private static final String BODY = BodyReader.class.getName();
    private static final byte[] NO_BODY = {};

    private final ClientLimits limits;
    private final HeldBytes held;
    private final Executor threads;
    private final RepeatedErrorLog errors;
    private final Telemetry telemetry;

    /** Handles the requests with a large body. */
    private final ExecutorService large = Executors.newFixedThreadPool(MAX_LARGE_AT_ONCE, task -> {
        Thread thread = new Thread(task, "large-body");
        thread.setDaemon(true);
        return thread;
    });

    /**
     * @param limits how long a body may take
     * @param held counts the bodies that are being read
     * @param threads handle the requests whose body came late
     * @param errors tells of bodies that were refused, and of errors
     * @param telemetry counts them
     */
    BodyReader(ClientLimits limits, HeldBytes held, Executor threads, RepeatedErrorLog errors, Telemetry telemetry) {
        this.limits = limits;
        this.held = held;
        this.threads = threads;
        this.errors = errors;
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
        Reading reading = new Reading(request, response, callback);
        if (request.getHeaders().contains(HttpHeader.EXPECT) && request.getLength() > reading.maxBytes) {
            // The client waits with the body, and to read would tell it to go on.
            request.setAttribute(BODY, reading.refusal());
            return super.handle(request, response, callback);
        }
        reading.begin();
        return true;
    }

    @Override
    protected void doStop() throws Exception {
        super.doStop();
        large.shutdown();
    }

    private static ProblemException tooLarge(int maxBytes) {
        return new ProblemException(Problem.of(ProblemType.BODY_TOO_LARGE, "The body is over " + maxBytes + " bytes."));
    }

    private static ProblemException endedEarly() {
        return new ProblemException(Problem.of(ProblemType.BAD_REQUEST, "The body ended early."));
    }

    /** One body on its way. Called by one thread at a time, but for {@link #end}. */
    private final class Reading extends Callback.Nested implements Runnable {

        private final Request request;
        private final Response response;
        private final String caller;

        /** 0 if nothing of it is kept. */
        private final int maxBytes;

        private byte[] body;
        private int size;
        private int counted;

        /** This stands for a body that is not kept; null while it is kept. */
        private Object instead;

        private long discarded;

        /** Null until the body has to be waited for. */
        private Scheduler.Task timeLimit;

        Reading(Request request, Response response, Callback callback) {
            super(callback);
            this.request = request;
            this.response = response;
            this.caller = Access.caller(request);
            int max = request.getHttpURI().getPath().startsWith(BATCHES) ? MAX_BATCH_BYTES : MAX_BODY_BYTES;
            this.maxBytes = Access.isLetIn(request) ? max : 0;
            // Not by what is announced alone: that costs the client nothing.
            this.body =
                    new byte[(int) Math.max(0, Math.min(request.getLength(), Math.min(maxBytes, SMALL_BODY_BYTES)))];
        }

        /** This is told of a body that is not kept; a caller who is not let in hears of his own refusal instead. */
        Object refusal() {
            return maxBytes == 0 ? NO_BODY : tooLarge(maxBytes);
        }

        void begin() {
            if (isDone()) {
                executor(Runnable::run).execute(this::handle);
            } else {
                timeLimit = request.getComponents()
                        .getScheduler()
                        .schedule(this::end, limits.body().toMillis(), TimeUnit.MILLISECONDS);
                request.demand(this);
            }
        }

        /** More of the body is there. */
        @Override
        public void run() {
            if (isDone()) {
                timeLimit.cancel();
                // Elsewhere, since whoever calls this must not be held up.
                executor(threads).execute(this::handle);
            } else {
                request.demand(this);
            }
        }

        private Executor executor(Executor ofSmall) {
            return size > MAX_BODY_BYTES ? large : ofSmall;
        }

        /** Reads what is there, and tells whether that is all there is to read. */
        private boolean isDone() {
            for (Content.Chunk chunk = request.read(); chunk != null; chunk = request.read()) {
                if (Content.Chunk.isFailure(chunk)) {
                    // The client went away or sent no HTTP; there may be nobody left to read the answer.
                    return done(endedEarly());
                }
                take(chunk);
                boolean last = chunk.isLast();
                chunk.release();
                if (instead != null && (last || discarded > MAX_DISCARDED_BYTES)) {
                    return done(instead);
                }
                if (last) {
                    return done(size == body.length ? body : Arrays.copyOf(body, size));
                }
            }
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
            size = 0;
            held.giveBack(caller, counted);
            counted = 0;
        }

        private void handle() {
            try {
                if (!getHandler().handle(request, response, this)) {
                    Response.writeError(request, response, this, 404);
                }
            } catch (Throwable e) {
                if (e instanceof Error) {
                    errors.log(Level.ERROR, e.toString(), "Failed to handle a call", e);
                }
                Response.writeError(request, response, this, e);
            }
        }

        private void take(Content.Chunk chunk) {
            int more = chunk.remaining();
            if (instead == null && size + more > maxBytes) {
                keepNothing(refusal());
            } else if (instead == null && size + more > body.length && !grow(size + more)) {
                String why = "The bodies being read, of " + caller + " or of all callers, use up the memory for them";
                errors.log(Level.WARN, why, "Refused a call: " + why, null);
                telemetry.refused(Refusal.BODY_MEMORY);
                keepNothing(new ProblemException(
                        Problem.of(ProblemType.OVERLOADED, "The server is reading too much already. Try again.")));
            }
            if (instead == null) {
                chunk.get(body, size, more);
                size += more;
            } else {
                discarded += more;
            }
        }

        /** It is read on all the same: a client still sending when the connection ends would see a broken pipe, no answer. */
        private void keepNothing(Object result) {
            instead = result;
            forget();
        }

        private boolean grow(int needed) {
            int length = Math.max(needed, Math.min(2 * body.length, (int) Math.min(announced(), maxBytes)));
            if (length > SMALL_BODY_BYTES) {
                if (!held.grow(caller, counted, length)) {
                    return false;
                }
                counted = length;
            }
            body = Arrays.copyOf(body, length);
            return true;
        }

        private long announced() {
            return request.getLength() < 0 ? maxBytes : request.getLength();
        }

        /** It took too long. If all of it has just come, the client does not know what became of it. */
        private void end() {
            String why = "a body took over " + limits.body().toSeconds() + " s";
            errors.log(
                    Level.WARN,
                    why,
                    "Ended the connection of a client at " + Request.getRemoteAddr(request) + ": " + why,
                    null);
            telemetry.refused(Refusal.SLOW_BODY);
            // On another thread, since the end of a connection is told to those who work for it.
            threads.execute(() -> request.getConnectionMetaData()
                    .getConnection()
                    .getEndPoint()
                    .close(new TimeoutException(why)));
        }

        // Before the answer is out: the next body of this caller may come at once.
        @Override
        public void succeeded() {
            forget();
            super.succeeded();
        }

        @Override
        public void failed(Throwable x) {
            forget();
            super.failed(x);
        }
    }
}
