package io.streamlocks.coordinator.http;

import io.streamlocks.coordinator.http.jetty.Call;
import io.streamlocks.coordinator.http.jetty.HeldBytes;
import io.streamlocks.coordinator.http.jetty.Reply;
import io.streamlocks.coordinator.lock.OverloadedException;
import io.streamlocks.coordinator.telemetry.Refusal;
import io.streamlocks.coordinator.telemetry.Telemetry;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.Executor;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.function.Function;

/** Makes the bytes of responses. This class is thread-safe. */
final class Responder {

    /**
     * To make a response of so many items takes about as long as to wake another thread for it. A client that shares
     * its requests sends as many together. They hold others up no longer than so many single calls.
     */
    private static final int FEW_ITEMS = 40;

    private static final byte[] NO_BODY = {};

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

    /** Returns a response with its bytes. */
    static Reply reply(Response response, Call call) {
        if (!(response instanceof Response.WithBody content)) {
            return new Reply(response.statusCode(), response::addHeaders, NO_BODY, response::sent);
        }
        byte[] body = content.bytes(call.requestId());
        return new Reply(
                response.statusCode(),
                header -> {
                    header.accept("Content-Type", content.contentType());
                    response.addHeaders(header);
                },
                body,
                response::sent);
    }

    /**
     * Returns a response of any size once the outcome is known. The thread that completes the outcome does not make a
     * response of many items, and responses that are not read do not use up the memory.
     *
     * @param items how many items the response has at most
     */
    <T> CompletableFuture<Response.Held> atLength(
            Call call, int items, CompletableFuture<T> outcome, Function<T, Response.WithBody> response) {
        return items <= FEW_ITEMS
                ? outcome.thenApply(known -> held(call, response.apply(known)))
                : outcome.thenApplyAsync(known -> held(call, response.apply(known)), threads);
    }

    private Response.Held held(Call call, Response.WithBody response) {
        String caller = Access.caller(call);
        byte[] body = response.bytes(call.requestId());
        if (!held.grow(caller, 0, body.length)) {
            telemetry.refused(Refusal.ANSWER_MEMORY);
            throw new OverloadedException(
                    "The responses that are not read yet, of this caller or of all, use up the memory for them");
        }
        AtomicBoolean isHeld = new AtomicBoolean(true);
        return new Response.Held(response, body, () -> {
            // A reply whose sending fails may end twice.
            if (isHeld.getAndSet(false)) {
                held.giveBack(caller, body.length);
            }
        });
    }
}
