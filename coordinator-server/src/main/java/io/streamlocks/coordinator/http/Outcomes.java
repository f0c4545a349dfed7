package io.streamlocks.coordinator.http;

import io.streamlocks.coordinator.lock.AcquireOutcome;
import io.streamlocks.coordinator.lock.BreakOutcome;
import io.streamlocks.coordinator.lock.ReleaseOutcome;
import io.streamlocks.coordinator.lock.RenewOutcome;

/** Maps each outcome of the protocol to its response. A new outcome does not compile until it has one here. */
final class Outcomes {

    static final AcquireOutcome.Cases<Response.ForItem> ACQUIRE = new AcquireOutcome.Cases<>() {
        @Override
        public Response.ForItem granted(AcquireOutcome.Granted granted) {
            return LeaseBodies.LeaseBody.of(granted.lease(), granted.waited());
        }

        @Override
        public Response.ForItem held(AcquireOutcome.Held held) {
            return Problem.lockHeld(held.holder(), held.position());
        }

        @Override
        public Response.ForItem awaited(AcquireOutcome.Awaited awaited) {
            return Problem.lockAwaited(awaited.position());
        }

        @Override
        public Response.ForItem tooManyWaiters(AcquireOutcome.TooManyWaiters tooMany) {
            return tooMany.ofOwner() ? Problem.tooManyWaitersOfOwner() : Problem.tooManyWaiters();
        }

        @Override
        public Response.ForItem delayed(AcquireOutcome.Delayed delayed) {
            return Problem.lockDelayed(delayed.opensIn());
        }

        @Override
        public Response.ForItem leaseIdUsed() {
            return Problem.leaseIdUsed();
        }

        @Override
        public Response.ForItem blocked() {
            return Problem.blocked();
        }

        @Override
        public Response.ForItem undecided() {
            return Problem.undecided();
        }
    };

    static final RenewOutcome.Cases<Response.ForItem> RENEW = new RenewOutcome.Cases<>() {
        @Override
        public Response.ForItem renewed(RenewOutcome.Renewed renewed) {
            return LeaseBodies.LeaseBody.of(renewed.lease());
        }

        @Override
        public Response.ForItem lost(RenewOutcome.Lost lost) {
            return Problem.leaseLost(lost.reason(), lost.breakReason());
        }

        @Override
        public Response.ForItem blocked() {
            return Problem.blocked();
        }

        @Override
        public Response.ForItem undecided() {
            return Problem.undecided();
        }
    };

    static final ReleaseOutcome.Cases<Response.ForItem> RELEASE = new ReleaseOutcome.Cases<>() {
        @Override
        public Response.ForItem released() {
            return Response.Empty.INSTANCE;
        }

        @Override
        public Response.ForItem lost(ReleaseOutcome.Lost lost) {
            return Problem.leaseLost(lost.reason(), lost.breakReason());
        }

        @Override
        public Response.ForItem blocked() {
            return Problem.blocked();
        }

        @Override
        public Response.ForItem undecided() {
            return Problem.undecided();
        }
    };

    static final BreakOutcome.Cases<Response> BREAK = new BreakOutcome.Cases<>() {
        @Override
        public Response broken(BreakOutcome.Broken broken) {
            return Bodies.GrantBody.of(broken.grant());
        }

        @Override
        public Response tokenChanged(BreakOutcome.TokenChanged changed) {
            return Problem.fencingTokenChanged(changed.holder());
        }

        @Override
        public Response notLocked() {
            return Problem.notLocked();
        }

        @Override
        public Response blocked() {
            return Problem.blocked();
        }

        @Override
        public Response undecided() {
            return Problem.undecided();
        }
    };

    private Outcomes() {}
}
