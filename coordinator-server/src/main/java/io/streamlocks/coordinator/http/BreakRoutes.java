package io.streamlocks.coordinator.http;

import io.javalin.http.Context;
import io.streamlocks.coordinator.access.Principal;
import io.streamlocks.coordinator.lock.BreakOutcome;
import io.streamlocks.coordinator.lock.BreakRequest;
import io.streamlocks.coordinator.lock.Breaking;
import io.streamlocks.coordinator.lock.Grant;
import io.streamlocks.coordinator.lock.group.GroupCommit;
import java.util.List;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** The calls by which an operator ends leases of others. */
final class BreakRoutes {

    private static final Logger LOG = LoggerFactory.getLogger(BreakRoutes.class);

    private final GroupCommit locks;

    BreakRoutes(GroupCommit locks) {
        this.locks = locks;
    }

    void lease(Context ctx) {
        String streamId = Exchange.streamId(ctx);
        Requests.Break body = Exchange.body(ctx, Requests.Break.class);
        BreakRequest request = new BreakRequest(
                streamId,
                Fields.fencingToken("expectedFencingToken", body.expectedFencingToken()),
                Access.of(ctx).ownerPrefix(),
                breaking(ctx, body.reason(), body.delayMs()));
        String caller = Access.caller(ctx);
        Exchange.respond(ctx, () -> locks.breakLeases(caller, List.of(request)), outcomes -> {
            if (outcomes.get(0) instanceof BreakOutcome.Broken broken) {
                Grant grant = broken.grant();
                log(
                        ctx,
                        "the lease of " + streamId + ", held by " + grant.ownerId() + " with token "
                                + grant.fencingToken(),
                        request.breaking());
            }
            return answer(outcomes.get(0));
        });
    }

    private static Object answer(BreakOutcome outcome) {
        if (outcome instanceof BreakOutcome.Broken broken) {
            return Responses.GrantBody.of(broken.grant());
        }
        if (outcome instanceof BreakOutcome.TokenChanged changed) {
            return Problem.fencingTokenChanged(changed.holder());
        }
        if (outcome instanceof BreakOutcome.Undecided) {
            return Problem.undecided();
        }
        return outcome instanceof BreakOutcome.Blocked ? Problem.blocked() : LockRoutes.notLocked();
    }

    void owner(Context ctx) {
        String ownerId = Exchange.ownerId(ctx);
        Principal principal = Access.of(ctx);
        principal.requireWholeNamespace();
        principal.requireOwner(ownerId);
        Requests.BreakOwner body = Exchange.body(ctx, Requests.BreakOwner.class);
        Breaking breaking = breaking(ctx, body.reason(), body.delayMs());
        String caller = Access.caller(ctx);
        Exchange.respond(ctx, () -> locks.breakOwner(caller, ownerId, breaking), count -> {
            log(ctx, "all leases of the owner " + ownerId + ", which were " + count, breaking);
            return new Responses.BrokenOwner(count);
        });
    }

    /** For whoever asks later why work stopped; the history forgets it in time, and may be off. */
    private static void log(Context ctx, String what, Breaking breaking) {
        String delay = breaking.delay().isZero()
                ? ""
                : ", and closed the streams for " + breaking.delay().toMillis() + " ms";
        Call.of(ctx).log(() -> LOG.info("{} broke {}{}: {}", breaking.by(), what, delay, breaking.reason()));
    }

    private static Breaking breaking(Context ctx, String reason, Long delayMs) {
        return new Breaking(Fields.reason("reason", reason), Access.of(ctx).id(), Fields.delay("delayMs", delayMs));
    }
}
