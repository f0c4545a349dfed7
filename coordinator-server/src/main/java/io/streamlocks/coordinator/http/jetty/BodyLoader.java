package io.streamlocks.coordinator.http.jetty;

import io.streamlocks.coordinator.http.jetty.UnreadBodyException.Reason;
import java.util.Arrays;
import java.util.concurrent.TimeUnit;
import org.eclipse.jetty.io.Content;
import org.eclipse.jetty.server.Handler;
import org.eclipse.jetty.server.Request;
import org.eclipse.jetty.server.Response;
import org.eclipse.jetty.server.handler.EagerContentHandler;
import org.eclipse.jetty.util.Callback;
import org.eclipse.jetty.util.thread.Scheduler;
import org.jspecify.annotations.Nullable;

/** Reads one body, and then has the request handled. One thread at a time calls this class. */
final class BodyLoader extends EagerContentHandler.ContentLoader implements Runnable {

    /** How much of a body that is too large or unwanted is read and dropped before the client gets its response. */
    private static final long MAX_DISCARDED_BYTES = 16L * 1024 * 1024;

    /**
     * A body up to this size is held without being counted: those of all connections together do no harm. To read and
     * parse it takes no longer than to wake another thread.
     */
    private static final int SMALL_BODY_BYTES = 8 * 1024;

    private final BodyReader reader;
    private final String caller;

    /** The size up to which the body is kept; 0 if nothing is kept. */
    private final int maxBytes;

    private byte[] body;
    private int size;
    private int counted;

    /** Stands for a body that is not kept; null while the body is kept. */
    private @Nullable Object instead;

    private long discarded;

    /** Null until the body has to be waited for. */
    private Scheduler.@Nullable Task timeLimit;

    BodyLoader(BodyReader reader, Handler next, Request request, Response response, Callback callback) {
        super(next, request, response, callback);
        this.reader = reader;
        Admission admission = Admission.of(request);
        this.caller = admission.caller();
        this.maxBytes = admission.isLetIn() ? admission.limits().maxBodyBytes() : 0;
        // The announced size alone does not count, because announcing a large body costs a client nothing.
        this.body = new byte[(int) Math.max(0, Math.min(request.getLength(), Math.min(maxBytes, SMALL_BODY_BYTES)))];
    }

    boolean isAnnouncedTooLarge() {
        return getRequest().getLength() > maxBytes;
    }

    /** Returns what stands for a body that is not kept. A caller that is not let in gets that refusal, not this one. */
    Object refusal() {
        return maxBytes == 0 ? Body.NONE : new UnreadBodyException(Reason.TOO_LARGE, maxBytes);
    }

    @Override
    protected void load() {
        long announced = getRequest().getLength();
        if (announced >= 0 && announced <= SMALL_BODY_BYTES) {
            loadWhatCame();
        } else {
            // The client may send as fast as this reads, up to the bound on what is discarded.
            reader.threads().execute(this::loadWhatCame);
        }
    }

    private void loadWhatCame() {
        if (isDone()) {
            reader.threadsForEarlyBody(size).execute(this::handle);
        } else {
            timeLimit = getRequest()
                    .getComponents()
                    .getScheduler()
                    .schedule(
                            () -> reader.endSlow(getRequest()),
                            reader.limits().body().toMillis(),
                            TimeUnit.MILLISECONDS);
            getRequest().demand(this);
        }
    }

    /** Continues when more of the body has come. */
    @Override
    public void run() {
        if (isDone()) {
            if (timeLimit != null) {
                timeLimit.cancel();
            }
            // Another thread does this, because the thread that calls this serves other connections, too.
            reader.threadsForLateBody(size).execute(this::handle);
        } else {
            getRequest().demand(this);
        }
    }

    @Override
    protected void handle() {
        handle(getRequest(), getResponse(), new Callback.Nested(getCallback()) {
            // This comes before the response is sent, because the next body of this caller may come at once.
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
        });
    }

    /** Reads what has come, and returns whether that is all there is to read. */
    private boolean isDone() {
        for (Content.Chunk chunk = getRequest().read();
                chunk != null;
                chunk = getRequest().read()) {
            if (Content.Chunk.isFailure(chunk)) {
                // The client may have gone, so there may be no reader of the response.
                return done(new UnreadBodyException(Reason.ENDED_EARLY, maxBytes));
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
        getRequest().setAttribute(Body.ATTRIBUTE, result);
        if (result instanceof UnreadBodyException) {
            forget();
        }
        return true;
    }

    private void forget() {
        body = Body.NONE;
        size = 0;
        reader.held().giveBack(caller, counted);
        counted = 0;
    }

    private void take(Content.Chunk chunk) {
        int more = chunk.remaining();
        if (instead == null && size + more > maxBytes) {
            discardRest(refusal());
        } else if (instead == null && size + more > body.length && !grow(size + more)) {
            reader.reportNoMemory(caller);
            discardRest(new UnreadBodyException(Reason.NO_MEMORY, maxBytes));
        }
        if (instead == null) {
            chunk.get(body, size, more);
            size += more;
        } else {
            discarded += more;
        }
    }

    /**
     * The rest is read nevertheless: a client that is still sending would see a broken pipe instead of the response.
     */
    private void discardRest(Object result) {
        instead = result;
        forget();
    }

    private boolean grow(int needed) {
        int length = Math.max(needed, Math.min(2 * body.length, (int) Math.min(announced(), maxBytes)));
        if (length > SMALL_BODY_BYTES) {
            if (!reader.held().grow(caller, counted, length)) {
                return false;
            }
            counted = length;
        }
        body = Arrays.copyOf(body, length);
        return true;
    }

    private long announced() {
        return getRequest().getLength() < 0 ? maxBytes : getRequest().getLength();
    }
}
