package io.streamlocks.coordinator.http;

import io.javalin.http.Context;
import io.streamlocks.coordinator.access.Authenticator;
import io.streamlocks.coordinator.access.Principal;
import io.streamlocks.coordinator.limit.RateLimit;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Optional;
import java.util.function.Predicate;

/**
 * Finds out who calls, before any route does anything, and whether he calls too often. What he may do is for the routes:
 * see {@link RouteTable}, and {@link #of}.
 */
final class Access {

    private static final String PRINCIPAL = "principal";

    private final Optional<Authenticator> authenticator;
    private final Optional<RateLimit> rateLimit;

    /**
     * @param authenticator tells who calls; empty if everybody may do all
     * @param rateLimit counts calls, if they are limited
     */
    Access(Optional<Authenticator> authenticator, Optional<RateLimit> rateLimit) {
        this.authenticator = authenticator;
        this.rateLimit = rateLimit;
    }

    /**
     * Lets a call pass, or throws the problem to answer it with: the same whatever is wrong with its token, and on every
     * path that is not open, whether there is such a path or not.
     *
     * @param isOpen tells of a path whether it is for everybody
     */
    void check(Context ctx, Predicate<String> isOpen) {
        if (isOpen.test(ctx.req().getRequestURI())) {
            return;
        }
        Principal principal = authenticator.isEmpty() ? Principal.ANONYMOUS : authenticated(ctx, authenticator.get());
        ctx.attribute(PRINCIPAL, principal);
        rateLimit.ifPresent(limit -> {
            // Without access control the address is all there is to tell callers apart.
            Duration wait = limit.take(authenticator.isEmpty() ? ctx.req().getRemoteAddr() : principal.id());
            if (!wait.isZero()) {
                ctx.header("Retry-After", Exchange.seconds(wait.toMillis()));
                throw new ProblemException(
                        Problem.of(ProblemType.RATE_LIMITED, "There are too many calls a second. Try again later."));
            }
        });
    }

    private static Principal authenticated(Context ctx, Authenticator authenticator) {
        List<String> headers = new ArrayList<>(Collections.list(ctx.req().getHeaders("Authorization")));
        return authenticator
                .authenticate(headers)
                .orElseThrow(() -> new ProblemException(Problem.of(
                        ProblemType.UNAUTHENTICATED, "Send a token that is valid: Authorization: Bearer <token>.")));
    }

    /** Who makes this call, of a path that is not open. */
    static Principal of(Context ctx) {
        Principal principal = ctx.attribute(PRINCIPAL);
        if (principal == null) {
            throw new IllegalStateException(
                    "Nobody was asked who calls " + ctx.req().getMethod());
        }
        return principal;
    }

    /** A name of who makes this call: that of its token, or its address where nobody is asked who he is. */
    static String caller(Context ctx) {
        Principal principal = ctx.attribute(PRINCIPAL);
        return principal == null || principal == Principal.ANONYMOUS ? ctx.req().getRemoteAddr() : principal.id();
    }
}
