package io.streamlocks.coordinator.http;

import io.streamlocks.coordinator.access.Permission;
import io.streamlocks.coordinator.access.Principal;
import io.streamlocks.coordinator.http.jetty.Call;
import io.streamlocks.coordinator.lock.BreakOutcome;
import io.streamlocks.coordinator.lock.BreakRequest;
import io.streamlocks.coordinator.lock.Breaking;
import io.streamlocks.coordinator.lock.Grant;
import io.streamlocks.coordinator.lock.group.GroupCommit;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** The calls with which an operator ends leases of others. */
final class BreakRoutes {

    /** A body as it was sent. */
    record Break(
            @Nullable String reason,
            @Nullable Long expectedFencingToken,
            @Nullable Long delayMs) {}

    /** A body as it was sent. */
    record BreakOwner(@Nullable String reason, @Nullable Long delayMs) {}

    record BrokenOwner(int brokenCount) implements Response.Ok {}

    private static final Logger LOG = LoggerFactory.getLogger(BreakRoutes.class);

    /** The grant that a call ended, which is logged. A new outcome does not compile until it is decided here. */
    private static final BreakOutcome.Cases<Optional<Grant>> ENDED = new BreakOutcome.Cases<>() {
        @Override
        public Optional<Grant> broken(BreakOutcome.Broken broken) {
            return Optional.of(broken.grant());
        }

        @Override
        public Optional<Grant> tokenChanged(BreakOutcome.TokenChanged changed) {
            return Optional.empty();
        }

        @Override
        public Optional<Grant> notLocked() {
            return Optional.empty();
        }

        @Override
        public Optional<Grant> blocked() {
            return Optional.empty();
        }

        @Override
        public Optional<Grant> undecided() {
            return Optional.empty();
        }
    };

    private final GroupCommit locks;

    BreakRoutes(GroupCommit locks) {
        this.locks = locks;
    }

    void register(RouteTable routes) {
        routes.post("/v1/locks/{streamId}/break", Permission.BREAK, this::lease);
        routes.post("/v1/owners/{ownerId}/break", Permission.BREAK, this::owner);
    }

    private CompletableFuture<? extends Response> lease(Call call) {
        String streamId = Input.streamId(call);
        Break body = Input.body(call, Break.class);
        BreakRequest request = new BreakRequest(
                streamId,
                Fields.fencingToken("expectedFencingToken", body.expectedFencingToken()),
                Access.of(call).ownerPrefix(),
                breaking(call, body.reason(), body.delayMs()));
        return locks.breakLeases(Access.caller(call), List.of(request)).thenApply(outcomes -> {
            BreakOutcome outcome = outcomes.get(0);
            outcome.match(ENDED).ifPresent(grant -> log(call, describe(grant), request.breaking()));
            return outcome.match(Outcomes.BREAK);
        });
    }

    private static String describe(Grant grant) {
        return "the lease of " + grant.streamId() + ", held by " + grant.ownerId() + " with token "
                + grant.fencingToken();
    }

    private CompletableFuture<? extends Response> owner(Call call) {
        String ownerId = Input.ownerId(call);
        Principal principal = Access.of(call);
        principal.requireWholeNamespace();
        principal.requireOwner(ownerId);
        BreakOwner body = Input.body(call, BreakOwner.class);
        Breaking breaking = breaking(call, body.reason(), body.delayMs());
        return locks.breakOwner(Access.caller(call), ownerId, breaking).thenApply(count -> {
            log(call, "all " + count + " leases of the owner " + ownerId, breaking);
            return new BrokenOwner(count);
        });
    }

    /** Logs a break, because the history may be off, and forgets it after a time. */
    private static void log(Call call, String what, Breaking breaking) {
        String delay = breaking.delay().isZero()
                ? ""
                : ", and closed the streams for " + breaking.delay().toMillis() + " ms";
        call.log(() -> LOG.info("{} broke {}{}: {}", breaking.by(), what, delay, breaking.reason()));
    }

    private static Breaking breaking(Call call, @Nullable String reason, @Nullable Long delayMs) {
        return new Breaking(Fields.reason("reason", reason), Access.of(call).id(), Fields.delay("delayMs", delayMs));
    }
}
