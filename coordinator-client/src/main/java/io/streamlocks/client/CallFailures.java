package io.streamlocks.client;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.ObjectMapper;
import io.streamlocks.client.CoordinatorUnavailableException.Answer;
import io.streamlocks.client.generated.ApiException;
import io.streamlocks.client.generated.model.Problem;
import java.net.ConnectException;
import java.net.NoRouteToHostException;
import java.net.UnknownHostException;
import java.time.Duration;
import java.util.List;
import java.util.Optional;
import org.apache.hc.client5.http.ConnectTimeoutException;
import org.apache.hc.core5.http.ConnectionRequestTimeoutException;
import org.jspecify.annotations.Nullable;

/** Turns answers without success into exceptions. This class is thread-safe. */
final class CallFailures {

    /** The Retry-After of a single call, which an item of a batch lacks. The leases are counted this often. */
    private static final Duration RETRY_TOO_MANY_LEASES_AFTER = Duration.ofSeconds(5);

    /** A place in a queue outlives its call by 5 s, so the next call must come earlier. */
    private static final Duration RETRY_TOO_MANY_WAITERS_AFTER = Duration.ofSeconds(1);

    private final ObjectMapper json;

    CallFailures(ObjectMapper json) {
        this.json = json;
    }

    /**
     * Returns the exception for a call that failed as a whole.
     *
     * @param what the call, as in "The coordinator failed to ..."
     * @param streamId the stream; empty if the call was for several
     * @param e the failure
     */
    StreamLockException ofCall(String what, Optional<String> streamId, ApiException e) {
        Problem problem = problem(e);
        if (problem == null && e.getCode() == 0) {
            Answer none = isUnsent(e) ? Answer.UNSENT : Answer.NONE;
            return failure(what, streamId, String.valueOf(e.getMessage()), Optional.of(e), none);
        }
        return failure(
                what,
                streamId,
                detail(e.getCode(), problem),
                Optional.of(e),
                answer(e.getCode(), problem, retryAfter(e)));
    }

    /** Returns whether a call failed before there was a connection to send it on. */
    private static boolean isUnsent(ApiException e) {
        Throwable cause = e.getCause();
        return cause instanceof ConnectException
                || cause instanceof ConnectTimeoutException
                || cause instanceof ConnectionRequestTimeoutException
                || cause instanceof NoRouteToHostException
                || cause instanceof UnknownHostException;
    }

    /**
     * Returns the exception for an item of a batch, which has no cause.
     *
     * @param problem null if the answer has none
     */
    static StreamLockException ofItem(String what, String streamId, int status, @Nullable Problem problem) {
        Optional<Duration> itemRetryAfter = Optional.empty();
        if (isTooMany(status, problem)) {
            itemRetryAfter = Optional.of(
                    "too-many-waiters".equals(code(problem))
                            ? RETRY_TOO_MANY_WAITERS_AFTER
                            : RETRY_TOO_MANY_LEASES_AFTER);
        }
        return failure(
                what,
                Optional.of(streamId),
                detail(status, problem),
                Optional.empty(),
                answer(status, problem, itemRetryAfter));
    }

    private static StreamLockException failure(
            String what, Optional<String> streamId, String detail, Optional<ApiException> cause, Answer answer) {
        String message = "The coordinator failed to " + what + ": " + detail;
        return isRefused(answer.status())
                ? new CoordinatorRefusedException(message, answer.status(), streamId, cause)
                : new CoordinatorUnavailableException(message, streamId, cause, answer);
    }

    private static String detail(int status, @Nullable Problem problem) {
        return problem == null || problem.getCode() == null
                ? "status " + status
                : problem.getCode() + ": " + problem.getDetail();
    }

    private static Answer answer(int status, @Nullable Problem problem, Optional<Duration> retryAfter) {
        // Another 429, such as that of a proxy, says nothing about what became of the call.
        boolean isWithoutEffect = isTooMany(status, problem) || (status == 429 && "rate-limited".equals(code(problem)));
        return new Answer(status, retryAfter, isWithoutEffect);
    }

    private static boolean isTooMany(int status, @Nullable Problem problem) {
        String code = code(problem);
        return status == 429 && ("too-many-leases".equals(code) || "too-many-waiters".equals(code));
    }

    private static @Nullable String code(@Nullable Problem problem) {
        return problem == null ? null : problem.getCode();
    }

    /** Returns whether the same call would fail again. 429 and 5xx may pass by themselves; other errors do not. */
    private static boolean isRefused(int status) {
        return status >= 400 && status < 500 && status != 408 && status != 429;
    }

    /** Returns whether an answer is the problem with a code. */
    boolean isProblem(ApiException e, String code) {
        return code.equals(code(problem(e)));
    }

    private @Nullable Problem problem(ApiException e) {
        try {
            return json.readValue(e.getResponseBody(), Problem.class);
        } catch (JsonProcessingException | IllegalArgumentException notAProblem) {
            // The answer is the page of a proxy, or there is no body. The status has to be enough.
            return null;
        }
    }

    private static Optional<Duration> retryAfter(ApiException e) {
        boolean mayName = e.getCode() == 429 || e.getCode() == 503;
        List<String> values = mayName ? e.getResponseHeaders().get("Retry-After") : null;
        return values != null && values.size() == 1 && values.get(0).matches("[0-9]{1,5}")
                ? Optional.of(Duration.ofSeconds(Long.parseLong(values.get(0))))
                : Optional.empty();
    }
}
