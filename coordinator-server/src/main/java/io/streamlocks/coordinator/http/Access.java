package io.streamlocks.coordinator.http;

import io.streamlocks.coordinator.access.Authenticator;
import io.streamlocks.coordinator.access.Principal;
import io.streamlocks.coordinator.http.jetty.Admission;
import io.streamlocks.coordinator.http.jetty.Call;
import io.streamlocks.coordinator.http.jetty.Head;
import io.streamlocks.coordinator.http.jetty.RouteLimits;
import io.streamlocks.coordinator.limit.RateLimit;
import io.streamlocks.coordinator.telemetry.Refusal;
import io.streamlocks.coordinator.telemetry.Telemetry;
import java.time.Duration;
import java.util.Optional;

/**
 * Finds out by the head of a request who calls, and whether the caller calls too often. This happens before any of the
 * body is kept, and before a route does anything. The routes decide what a caller may do: see {@link RouteTable}, and
 * {@link #of}. This class is thread-safe.
 */
final class Access {

    private final Optional<Authenticator> authenticator;
    private final Optional<RateLimit> rateLimit;
    private final RouteTable routes;
    private final Telemetry telemetry;

    /**
     * The caller of a request.
     *
     * @param principal what the caller may do; empty if the path is for everybody, or the call is refused
     * @param refusal the reason to refuse the call; empty if there is none
     */
    private record Caller(Optional<Principal> principal, Optional<RuntimeException> refusal) {

        /** Calls a path that is for everybody. */
        static final Caller UNIDENTIFIED = new Caller(Optional.empty(), Optional.empty());

        static Caller of(Principal principal) {
            return new Caller(Optional.of(principal), Optional.empty());
        }

        static Caller refused(RuntimeException refusal) {
            return new Caller(Optional.empty(), Optional.of(refusal));
        }
    }

    /**
     * Creates an instance.
     *
     * @param guards identify callers, and limit their calls
     * @param routes contains the paths that are for everybody, and the limits of each route
     * @param telemetry counts refused calls
     */
    Access(Guards guards, RouteTable routes, Telemetry telemetry) {
        this.authenticator = guards.authenticator();
        this.rateLimit = guards.rateLimit();
        this.routes = routes;
        this.telemetry = telemetry;
    }

    /** Returns whether {@link #admit} takes longer than to wake another thread. */
    boolean takesLong() {
        return authenticator.map(Authenticator::verifiesSignatures).orElse(false);
    }

    /** Decides about a request. If that fails, {@link #check} throws the reason, and no route is called. */
    Admission admit(Head head) {
        String address = head.countedAddress();
        try {
            return decide(head, address);
        } catch (RuntimeException e) {
            return new Admission(address, false, routes.standardLimits(), Caller.refused(e));
        }
    }

    private Admission decide(Head head, String address) {
        String path = head.path();
        RouteLimits limits = routes.limits(head.method(), path);
        // An open path takes no body.
        if (routes.isOpen(path)) {
            return new Admission(address, false, limits, Caller.UNIDENTIFIED);
        }
        Principal principal;
        try {
            principal = authenticator.isEmpty() ? Principal.ANONYMOUS : authenticated(head, authenticator.get());
        } catch (RuntimeException e) {
            return new Admission(address, false, limits, Caller.refused(e));
        }
        // Only the address distinguishes callers without access control.
        String key = authenticator.isEmpty() ? address : principal.id();
        Duration wait = rateLimit.map(limit -> limit.take(key)).orElse(Duration.ZERO);
        if (wait.isZero()) {
            return new Admission(key, true, limits, Caller.of(principal));
        }
        telemetry.refused(Refusal.CALL_RATE);
        Problem tooMany = Problem.of(
                ProblemType.RATE_LIMITED, "This caller sends more calls per second than allowed. Try again later.");
        return new Admission(key, false, limits, Caller.refused(new ProblemException(tooMany, wait)));
    }

    private static Principal authenticated(Head head, Authenticator authenticator) {
        return authenticator
                .authenticate(head.values("Authorization"), head.remoteAddress())
                .orElseThrow(() -> new ProblemException(
                        Problem.of(ProblemType.UNAUTHENTICATED, "Send a valid token: Authorization: Bearer <token>.")));
    }

    /**
     * Lets a call pass, or throws the reason to refuse it. The reason is the same whatever is wrong with the token, and
     * on every path that is not open, whether that path exists or not.
     */
    static void check(Call call) {
        Caller caller = callerOf(call);
        if (caller.refusal().isPresent()) {
            throw caller.refusal().get();
        }
    }

    /** Returns who makes a call to a path that is not open. */
    static Principal of(Call call) {
        return callerOf(call)
                .principal()
                .orElseThrow(() -> new IllegalStateException("The caller of " + call.method() + " was not identified"));
    }

    private static Caller callerOf(Call call) {
        return (Caller) call.admission().identity();
    }

    /** Returns what distinguishes the caller: the id of its token, or its address if callers have no tokens. */
    static String caller(Call call) {
        return call.admission().caller();
    }
}
