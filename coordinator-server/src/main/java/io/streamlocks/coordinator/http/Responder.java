package io.streamlocks.coordinator.http;

import io.javalin.http.Context;
import io.streamlocks.coordinator.http.jetty.Call;
import io.streamlocks.coordinator.http.jetty.HeldBytes;
import io.streamlocks.coordinator.http.jetty.ResponseWriter;
import io.streamlocks.coordinator.lock.OverloadedException;
import io.streamlocks.coordinator.telemetry.Refusal;
import io.streamlocks.coordinator.telemetry.Telemetry;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import java.util.concurrent.Executor;
import java.util.function.Function;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/** Sends responses. This class is thread-safe. */
final class Responder {

    /**
     * To make a response of so many items takes about as long as to wake another thread for it. A client that shares
     * its requests sends as many together. They hold others up no longer than so many single calls.
     */
    private static final int FEW_ITEMS = 40;

    private final Executor threads;
    private final HeldBytes held;
    private final Telemetry telemetry;

    /**
     * Creates a responder.
     *
     * @param threads make the responses of many items
     * @param held counts long responses until they are sent
     * @param telemetry counts the calls that are refused
     */
    Responder(Executor threads, HeldBytes held, Telemetry telemetry) {
        this.threads = threads;
        this.held = held;
        this.telemetry = telemetry;
    }

    /**
     * Sends a response.
     *
     * @return is complete when the response has been sent, or cannot be sent because the client has gone
     */
    static CompletableFuture<Void> send(Context ctx, Response response) {
        if (response instanceof Response.WithBody content) {
            return send(ctx, content, content.bytes(Call.of(ctx.req()).requestId()));
        }
        start(ctx, response);
        // The framework would set its default.
        ctx.res().setContentType(null);
        return CompletableFuture.completedFuture(null);
    }

    private static CompletableFuture<Void> send(Context ctx, Response.WithBody response, byte[] body) {
        start(ctx, response);
        ctx.contentType(response.contentType());
        return ResponseWriter.send(ctx.res(), body);
    }

    private static void start(Context ctx, Response response) {
        ctx.status(response.statusCode());
        response.addHeaders(ctx::header);
    }

    /** Sends a response that may be long, for a handler that has nothing to wait for. */
    static void respond(Context ctx, Response response) {
        ctx.future(() -> send(ctx, response));
    }

    /** Responds once the outcome is known. No thread waits for that. The response must be that of one stream. */
    static <T> void respond(Context ctx, Supplier<CompletableFuture<T>> call, Function<T, Response> response) {
        ctx.future(() -> call.get().thenCompose(outcome -> send(ctx, response.apply(outcome))));
    }

    /**
     * Responds once the outcome is known, with a response of any size. The thread that completes the outcome does not
     * make a response of many items, and responses that are not read do not use up the memory.
     *
     * @param items how many items the response has at most
     */
    <T> void respondAtLength(
            Context ctx, int items, Supplier<CompletableFuture<T>> call, Function<T, Response.WithBody> response) {
        Executor maker = items <= FEW_ITEMS ? Runnable::run : threads;
        ctx.future(() -> call.get()
                .handleAsync(Responder::outcomeOf, maker)
                .thenCompose(outcome -> sendHeld(ctx, response.apply(outcome))));
    }

    private CompletableFuture<Void> sendHeld(Context ctx, Response.WithBody response) {
        String caller = Access.caller(ctx);
        byte[] body = response.bytes(Call.of(ctx.req()).requestId());
        if (!held.grow(caller, 0, body.length)) {
            telemetry.refused(Refusal.ANSWER_MEMORY);
            throw new OverloadedException(
                    "The responses that are not read yet, of this caller or of all, use up the memory for them");
        }
        try {
            return send(ctx, response, body).whenComplete((sent, failure) -> held.giveBack(caller, body.length));
        } catch (RuntimeException e) {
            held.giveBack(caller, body.length);
            throw e;
        }
    }

    private static <T> T outcomeOf(T outcome, @Nullable Throwable failure) {
        if (failure != null) {
            throw new CompletionException(failure);
        }
        return outcome;
    }
}
