package io.streamlocks.coordinator.http;

import io.streamlocks.coordinator.access.Permission;
import io.streamlocks.coordinator.access.Principal;
import io.streamlocks.coordinator.http.jetty.Call;
import io.streamlocks.coordinator.http.jetty.DirectRoute;
import io.streamlocks.coordinator.http.jetty.Reply;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.function.Supplier;

/**
 * Carries out the calls of routes: checks the caller, calls the route, and turns each failure into a response. The
 * calls of most routes come from the {@link Framework}. Those that workers make all the time come from the transport
 * itself. This class is thread-safe.
 */
final class RouteCalls {

    private static final String API = "/v1/";

    private final RouteTable table;
    private final Gate gate;
    private final ErrorResponses errors;

    RouteCalls(RouteTable table, Gate gate, ErrorResponses errors) {
        this.table = table;
        this.gate = gate;
        this.errors = errors;
    }

    /** Lets a call to any path pass, or throws the reason to refuse it. */
    void check(Call call) {
        Access.check(call);
        // The gate comes second, because an unknown caller need not learn whether this server is about to stop.
        if (call.path().startsWith(API)) {
            gate.check();
        }
    }

    /** Returns the reply to a call that has passed the {@linkplain #check check}. The future does not fail. */
    CompletableFuture<Reply> handle(Route route, Call call) {
        return reply(call, () -> permitted(route, call));
    }

    private CompletableFuture<Reply> reply(Call call, Supplier<CompletableFuture<? extends Response>> handling) {
        try {
            return handling.get()
                    .thenApply(response -> Responder.reply(response, call))
                    .exceptionally(failure -> refused(failure, call));
        } catch (RuntimeException | Error e) {
            return CompletableFuture.completedFuture(refused(e, call));
        }
    }

    private Reply refused(Throwable failure, Call call) {
        return Responder.reply(errors.response(failure, call), call);
    }

    private static CompletableFuture<? extends Response> permitted(Route route, Call call) {
        if (route.permission() != Permission.OPEN) {
            Principal principal = Access.of(call);
            principal.require(route.permission());
            if (route.namesStream() && !principal.isForAllStreams()) {
                principal.requireStream(Input.streamId(call));
            }
            if (route.namesGroup() && !principal.isForAllStreams()) {
                principal.requireGroup(Input.groupId(call));
            }
        }
        return route.handler().handle(call);
    }

    /** Returns the route of a call that does not pass through the framework; empty if it passes through it. */
    Optional<DirectRoute> direct(Call call) {
        return table.direct(call.method(), call.path()).map(route -> () -> handleDirectly(route, call));
    }

    private CompletableFuture<Reply> handleDirectly(Route route, Call call) {
        CompletableFuture<Reply> reply = reply(call, () -> {
            check(call);
            return permitted(route, call);
        });
        return reply.thenApply(known -> {
            call.answered(Optional.of(route.path()), known.status());
            return known.withHeaders(header -> SecurityHeaders.set(call.path(), header));
        });
    }
}
