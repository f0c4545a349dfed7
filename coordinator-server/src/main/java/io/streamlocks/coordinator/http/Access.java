package io.streamlocks.coordinator.http;

import io.javalin.http.Context;
import io.streamlocks.coordinator.access.Authenticator;
import io.streamlocks.coordinator.access.Principal;
import io.streamlocks.coordinator.limit.RateLimit;
import io.streamlocks.coordinator.telemetry.Refusal;
import io.streamlocks.coordinator.telemetry.Telemetry;
import java.time.Duration;
import java.util.Optional;
import java.util.function.Predicate;
import org.eclipse.jetty.server.Handler;
import org.eclipse.jetty.server.Request;
import org.eclipse.jetty.server.Response;
import org.eclipse.jetty.util.Callback;

/**
 * Finds out who calls, and whether he calls too often, by the head of a request: before any of its body is kept, and before
 * any route does anything. What he may do is for the routes: see {@link RouteTable}, and {@link #of}. Thread-safe.
 */
final class Access extends Handler.Wrapper {

    private static final String CALLER = Access.class.getName();

    private final Optional<Authenticator> authenticator;
    private final Optional<RateLimit> rateLimit;
    private final Predicate<String> isOpen;
    private final Telemetry telemetry;

    /**
     * The server knows this about the caller of a request.
     *
     * @param key tells callers apart: the id of the token, or the address if nobody is asked who he is
     * @param principal what he may do; null if the path is for everybody, or the call is refused
     * @param refusal what to answer him with; null if nothing speaks against the call
     * @param retryAfter with a refusal, when another call is of use; zero if that is not known
     */
    private record Caller(String key, Principal principal, RuntimeException refusal, Duration retryAfter) {}

    /**
     * @param authenticator tells who calls; empty if everybody may do all
     * @param rateLimit counts calls, if they are limited
     * @param isOpen tells of a path, as it was sent, whether it is for everybody
     * @param telemetry counts what is refused
     */
    Access(
            Optional<Authenticator> authenticator,
            Optional<RateLimit> rateLimit,
            Predicate<String> isOpen,
            Telemetry telemetry) {
        this.authenticator = authenticator;
        this.rateLimit = rateLimit;
        this.isOpen = isOpen;
        this.telemetry = telemetry;
    }

    @Override
    public boolean handle(Request request, Response response, Callback callback) throws Exception {
        request.setAttribute(CALLER, identify(request));
        return super.handle(request, response, callback);
    }

    private Caller identify(Request request) {
        String address = SlowClients.addressOf(request.getConnectionMetaData().getRemoteSocketAddress());
        if (isOpen.test(request.getHttpURI().getPath())) {
            return new Caller(address, null, null, Duration.ZERO);
        }
        Principal principal;
        try {
            principal = authenticator.isEmpty() ? Principal.ANONYMOUS : authenticated(request, authenticator.get());
        } catch (RuntimeException e) {
            return new Caller(address, null, e, Duration.ZERO);
        }
        // Without access control the address is all there is to tell callers apart.
        String key = authenticator.isEmpty() ? address : principal.id();
        Duration wait = rateLimit.map(limit -> limit.take(key)).orElse(Duration.ZERO);
        if (wait.isZero()) {
            return new Caller(key, principal, null, wait);
        }
        telemetry.refused(Refusal.CALL_RATE);
        Problem tooMany = Problem.of(ProblemType.RATE_LIMITED, "There are too many calls a second. Try again later.");
        return new Caller(key, null, new ProblemException(tooMany), wait);
    }

    private static Principal authenticated(Request request, Authenticator authenticator) {
        return authenticator
                .authenticate(request.getHeaders().getValuesList("Authorization"), Request.getRemoteAddr(request))
                .orElseThrow(() -> new ProblemException(Problem.of(
                        ProblemType.UNAUTHENTICATED, "Send a token that is valid: Authorization: Bearer <token>.")));
    }

    /**
     * Lets a call pass, or throws what to answer it with: the same whatever is wrong with its token, and on every path that
     * is not open, whether there is such a path or not.
     */
    static void check(Context ctx) {
        Caller caller = (Caller) ctx.req().getAttribute(CALLER);
        if (caller.refusal() != null) {
            if (!caller.retryAfter().isZero()) {
                ctx.header("Retry-After", Exchange.seconds(caller.retryAfter().toMillis()));
            }
            throw caller.refusal();
        }
    }

    /** Who makes this call, of a path that is not open. */
    static Principal of(Context ctx) {
        Principal principal = ((Caller) ctx.req().getAttribute(CALLER)).principal();
        if (principal == null) {
            throw new IllegalStateException(
                    "Nobody was asked who calls " + ctx.req().getMethod());
        }
        return principal;
    }

    /** Whether the call goes on, and may have a body: no path that is for everybody takes one. */
    static boolean isLetIn(Request request) {
        return request.getAttribute(CALLER) instanceof Caller caller && caller.principal() != null;
    }

    /** The key that tells the caller from others: the id of its token, or its address where nobody is asked who calls. */
    static String caller(Request request) {
        return ((Caller) request.getAttribute(CALLER)).key();
    }

    /** The same of a call that has come to its route. */
    static String caller(Context ctx) {
        return ((Caller) ctx.req().getAttribute(CALLER)).key();
    }
}
