package io.streamlocks.coordinator.http.jetty;

import io.streamlocks.coordinator.log.RepeatedErrorLog;
import io.streamlocks.coordinator.telemetry.Refusal;
import io.streamlocks.coordinator.telemetry.Telemetry;
import java.util.concurrent.Executor;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.TimeoutException;
import org.eclipse.jetty.http.HttpHeader;
import org.eclipse.jetty.server.Handler;
import org.eclipse.jetty.server.Request;
import org.eclipse.jetty.server.Response;
import org.eclipse.jetty.server.handler.EagerContentHandler;
import org.eclipse.jetty.util.Callback;
import org.eclipse.jetty.util.component.AbstractLifeCycle;
import org.jspecify.annotations.Nullable;
import org.slf4j.event.Level;

/**
 * Has Jetty's {@link EagerContentHandler} read the body of each request to its end before a route sees the request. A
 * body is kept only if its caller is {@linkplain Admission#isLetIn let in}. No thread waits for a body: a client that
 * sends slowly, or not at all, takes a connection and a few kB of memory for a few seconds.
 *
 * <p>Jetty's own loader for content of any type, {@code RetainedContentLoaderFactory}, does not fit. It bounds the
 * memory of each body, but not the memory of all bodies, and does not share it among callers. It keeps network buffers,
 * of which each may hold only a few bytes. It has no time limit beyond that for silence. It stops reading a body that
 * is too large, so the client sees a broken pipe instead of the response. This class is thread-safe.
 */
final class BodyReader extends AbstractLifeCycle implements EagerContentHandler.ContentLoaderFactory {

    /** The heap that must be there for each large body that is parsed at the same time. */
    private static final long HEAP_FOR_LARGE = 64L * 1024 * 1024;

    /** How many large bodies are parsed at once. Parsing does not wait for anything, so more would not be faster. */
    private static final int MAX_LARGE_AT_ONCE = (int) Math.max(
            1,
            Math.min(
                    Math.min(4, Runtime.getRuntime().availableProcessors()),
                    Runtime.getRuntime().maxMemory() / HEAP_FOR_LARGE));

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
     * Creates a reader.
     *
     * @param limits how long a body may take
     * @param threads handle the requests whose body came late
     * @param errors logs the bodies that were refused
     * @param telemetry counts them
     */
    BodyReader(ClientLimits limits, Executor threads, RepeatedErrorLog errors, Telemetry telemetry) {
        this.limits = limits;
        this.held = new HeldBytes(limits.heldBytes());
        this.threads = threads;
        this.errors = errors;
        this.telemetry = telemetry;
    }

    /** Returns null, which applies this factory to content of any type. */
    @Override
    public @Nullable String getApplicableMimeType() {
        return null;
    }

    @Override
    public EagerContentHandler.@Nullable ContentLoader newContentLoader(
            String contentType, String mimeType, Handler next, Request request, Response response, Callback callback) {
        BodyLoader loader = new BodyLoader(this, next, request, response, callback);
        if (request.getHeaders().contains(HttpHeader.EXPECT) && loader.isAnnouncedTooLarge()) {
            // The client waits before it sends the body, and reading would make it go on.
            request.setAttribute(Body.ATTRIBUTE, loader.refusal());
            return null;
        }
        return loader;
    }

    ClientLimits limits() {
        return limits;
    }

    HeldBytes held() {
        return held;
    }

    /** Returns the threads that read bodies which are not small. */
    Executor threads() {
        return threads;
    }

    /** Returns the threads that handle a request with a body of this size if the body came late. */
    Executor threadsForLateBody(int size) {
        return isLarge(size) ? large : threads;
    }

    /** Returns the threads for a request whose body of this size was there: mostly the thread that read it. */
    Executor threadsForEarlyBody(int size) {
        return isLarge(size) ? large : Runnable::run;
    }

    /** To parse a large body can take thirty times its size of the heap. */
    private static boolean isLarge(int size) {
        return size > RouteLimits.STANDARD_BODY_BYTES;
    }

    void reportNoMemory(String caller) {
        String why = "The bodies being read, of " + caller + " or of all callers, use up the memory for them";
        errors.log(Level.WARN, why, "Refused a call: " + why);
        telemetry.refused(Refusal.BODY_MEMORY);
    }

    /** Ends the connection of a request whose body took too long. */
    void endSlow(Request request) {
        String why = "a body took over " + limits.body().toSeconds() + " s";
        errors.log(
                Level.WARN, why, "Ended the connection of a client at " + Request.getRemoteAddr(request) + ": " + why);
        telemetry.refused(Refusal.SLOW_BODY);
        // Another thread does this, because the thread that ends a connection calls those that wait for its end.
        threads.execute(() ->
                request.getConnectionMetaData().getConnection().getEndPoint().close(new TimeoutException(why)));
    }

    @Override
    protected void doStop() throws Exception {
        super.doStop();
        large.shutdown();
    }
}
