package io.streamlocks.coordinator.http.jetty;

import io.streamlocks.coordinator.log.RepeatedErrorLog;
import io.streamlocks.coordinator.telemetry.Telemetry;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.Executor;
import java.util.concurrent.RejectedExecutionException;
import java.util.function.Function;
import org.eclipse.jetty.http.HttpStatus;
import org.eclipse.jetty.server.Handler;
import org.eclipse.jetty.server.Request;
import org.eclipse.jetty.server.Response;
import org.eclipse.jetty.util.Callback;
import org.slf4j.event.Level;

/**
 * Makes each request a {@link Call}, and has it handled: directly, or by the framework. This class is thread-safe.
 */
final class CallHandler extends Handler.Wrapper {

    private final Function<Call, Optional<DirectRoute>> direct;
    private final Executor threads;
    private final RepeatedErrorLog errors;
    private final Telemetry telemetry;

    /**
     * Creates a handler.
     *
     * @param direct returns the handling of a call that does not pass through the framework
     * @param threads run the framework, which may block for moments
     * @param errors logs errors of the virtual machine, which Jetty would only turn into a response, and replies that
     *     could not be sent
     * @param telemetry measures and traces the calls
     */
    CallHandler(
            Function<Call, Optional<DirectRoute>> direct,
            Executor threads,
            RepeatedErrorLog errors,
            Telemetry telemetry) {
        this.direct = direct;
        this.threads = threads;
        this.errors = errors;
        this.telemetry = telemetry;
    }

    /** Lets the thread that reads a request come here: what may block has threads of its own. */
    @Override
    public InvocationType getInvocationType() {
        return InvocationType.NON_BLOCKING;
    }

    @Override
    public boolean handle(Request request, Response response, Callback callback) throws Exception {
        Call call = Call.begin(request, response, telemetry);
        Optional<DirectRoute> route = direct.apply(call);
        if (route.isPresent()) {
            handle(call, route.get(), request, response, callback);
        } else {
            byOthers(() -> handleByFramework(call, request, response, callback));
        }
        return true;
    }

    private void handle(Call call, DirectRoute route, Request request, Response response, Callback callback) {
        CompletableFuture<Reply> reply;
        call.enter();
        try {
            reply = route.handle();
        } catch (Error e) {
            log(e);
            throw e;
        } finally {
            call.leave();
        }
        if (reply.isDone()) {
            // This thread would read on at once. A client that sends without pause what is refused would keep it.
            byOthers(() -> sendWhenKnown(reply, request, response, callback));
        } else {
            sendWhenKnown(reply, request, response, callback);
        }
    }

    private void sendWhenKnown(CompletableFuture<Reply> reply, Request request, Response response, Callback callback) {
        reply.whenComplete((known, failure) -> {
            try {
                if (failure == null) {
                    ResponseWriter.send(response, known, callback);
                } else {
                    Response.writeError(request, response, callback, failure);
                }
            } catch (RuntimeException | Error e) {
                // The future would keep it to itself.
                log(e);
            }
        });
    }

    private void byOthers(Runnable part) {
        try {
            threads.execute(part);
        } catch (RejectedExecutionException e) {
            // The server has stopped, and this is one of its last requests.
            part.run();
        }
    }

    private void handleByFramework(Call call, Request request, Response response, Callback callback) {
        call.enter();
        try {
            if (!super.handle(request, response, callback)) {
                Response.writeError(request, response, callback, HttpStatus.NOT_FOUND_404);
            }
        } catch (Exception e) {
            Response.writeError(request, response, callback, e);
        } catch (Error e) {
            log(e);
            Response.writeError(request, response, callback, e);
        } finally {
            call.leave();
        }
    }

    private void log(Throwable e) {
        errors.log(Level.ERROR, e.toString(), "Failed to handle a call", e);
    }
}
