package io.streamlocks.coordinator.access;

import com.nimbusds.jose.jwk.JWK;
import com.nimbusds.jose.jwk.JWKSelector;
import com.nimbusds.jose.jwk.JWKSet;
import com.nimbusds.jose.jwk.source.JWKSetUnavailableException;
import com.nimbusds.jose.jwk.source.JWKSource;
import com.nimbusds.jose.proc.SecurityContext;
import io.streamlocks.coordinator.log.RepeatedErrorLog;
import io.streamlocks.coordinator.reload.UnusableFileException;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.function.LongSupplier;
import org.slf4j.LoggerFactory;
import org.slf4j.event.Level;

/**
 * The keys of a URL. They are fetched in the background: a call is answered by those that were fetched last, and waits for
 * none. Thread-safe.
 */
final class FetchedKeys implements JWKSource<SecurityContext> {

    private static final RepeatedErrorLog ERRORS =
            new RepeatedErrorLog(LoggerFactory.getLogger(FetchedKeys.class), System::nanoTime);

    private static final int MAX_BYTES = 1024 * 1024;
    private static final Duration CONNECT_TIMEOUT = Duration.ofSeconds(1);

    /** From the connection to the last byte. */
    static final Duration TIMEOUT = Duration.ofSeconds(5);

    private static final Duration FRESH = Duration.ofMinutes(5);

    /** While there are none, each call with a JWT is refused. */
    private static final Duration RETRY_IF_NONE = Duration.ofSeconds(1);

    /** A key that is not in the set makes it be fetched anew, but made-up ones must not do so at each call. */
    private static final Duration FETCH_AT_MOST_EACH = Duration.ofSeconds(10);

    /** While their issuer is away, keys serve on for so long. */
    private static final Duration OUTAGE = Duration.ofHours(12);

    private record Known(JWKSet keys, long fetchedAtNanos) {}

    // A redirect would let whoever can have the issuer answer with one choose the keys.
    private final HttpClient http = HttpClient.newBuilder()
            .followRedirects(HttpClient.Redirect.NEVER)
            .version(HttpClient.Version.HTTP_1_1)
            .connectTimeout(CONNECT_TIMEOUT)
            .build();

    private final HttpRequest request;
    private final Duration timeout;
    private final LongSupplier nanoTime;

    /** Null until they are fetched for the first time. */
    private volatile Known known;

    private volatile boolean failing;

    /** The last that was begun; guarded by this, as are the times before which no other is. */
    private CompletableFuture<Void> fetch = CompletableFuture.completedFuture(null);

    private long notBeforeNanos;
    private long notForUnknownBeforeNanos;

    /**
     * Fetches nothing yet.
     *
     * @param url where they are
     * @param timeout how long it may take to fetch them
     * @param nanoTime a monotonic clock, {@link System#nanoTime} outside of tests
     */
    FetchedKeys(URI url, Duration timeout, LongSupplier nanoTime) {
        this.request = HttpRequest.newBuilder(url).build();
        this.timeout = timeout;
        this.nanoTime = nanoTime;
        this.notBeforeNanos = nanoTime.getAsLong();
        this.notForUnknownBeforeNanos = notBeforeNanos;
    }

    /**
     * Those of the keys that fit. If none does, they are fetched anew, unless that was tried just before.
     *
     * @throws JWKSetUnavailableException if there are none, or those that fit may be among those that are being fetched
     */
    @Override
    public List<JWK> get(JWKSelector selector, SecurityContext context) throws JWKSetUnavailableException {
        Known before = known;
        if (before == null || age(before) > OUTAGE.toNanos()) {
            fetch(RETRY_IF_NONE);
            throw new JWKSetUnavailableException("None could be fetched yet, or for " + OUTAGE.toHours() + " h");
        }
        List<JWK> found = selector.select(before.keys());
        if (!found.isEmpty()) {
            return found;
        }
        if (fetchForUnknown()) {
            throw new JWKSetUnavailableException("One that is not known is being fetched");
        }
        // They may have come just now.
        return selector.select(known.keys());
    }

    /** Has them fetched if there are none, or not in the last minutes. Returns at once. To be called each second. */
    void refresh() {
        Known now = known;
        if (now == null) {
            fetch(RETRY_IF_NONE);
        } else if (age(now) >= FRESH.toNanos()) {
            fetch(FETCH_AT_MOST_EACH);
        }
    }

    /** Whether they could not be fetched when that was tried last. */
    boolean isFailing() {
        return failing;
    }

    private long age(Known keys) {
        return nanoTime.getAsLong() - keys.fetchedAtNanos();
    }

    private synchronized void fetch(Duration atMostEach) {
        long now = nanoTime.getAsLong();
        if (fetch.isDone() && now - notBeforeNanos >= 0) {
            notBeforeNanos = now + atMostEach.toNanos();
            begin();
        }
    }

    /** Whether they are being fetched after that. */
    private synchronized boolean fetchForUnknown() {
        long now = nanoTime.getAsLong();
        if (fetch.isDone() && now - notForUnknownBeforeNanos >= 0) {
            notForUnknownBeforeNanos = now + FETCH_AT_MOST_EACH.toNanos();
            begin();
            return true;
        }
        return !fetch.isDone();
    }

    private void begin() {
        CompletableFuture<HttpResponse<byte[]>> answer = http.sendAsync(request, info -> new BoundedBody(MAX_BYTES));
        AtomicBoolean late = new AtomicBoolean();
        fetch = answer.handle((whole, failure) -> use(whole, failure, late.get()));
        // The time-out of a request would be that of its head, and a body could take for ever.
        CompletableFuture.delayedExecutor(timeout.toMillis(), TimeUnit.MILLISECONDS)
                .execute(() -> {
                    late.set(true);
                    answer.cancel(true);
                });
    }

    private Void use(HttpResponse<byte[]> answer, Throwable failure, boolean late) {
        if (failure != null && late) {
            keep("it took over " + timeout.toMillis() + " ms");
        } else if (failure != null) {
            keep(describe(failure));
        } else if (answer.statusCode() != 200) {
            keep("the answer has the status " + answer.statusCode() + " (redirects are not followed)");
        } else {
            try {
                known = new Known(Keys.parse(answer.body()), nanoTime.getAsLong());
                failing = false;
            } catch (UnusableFileException e) {
                keep("the answer " + e.getMessage());
            }
        }
        return null;
    }

    private void keep(String reason) {
        failing = true;
        ERRORS.log(
                Level.WARN,
                reason,
                "The keys of JWTs cannot be fetched"
                        + (known == null ? " yet: " : ", so those fetched before stay in use: ")
                        + reason,
                null);
    }

    /** If a connection fails, the outer exception says so, and the root says why. */
    private static String describe(Throwable failure) {
        Throwable outer = failure instanceof CompletionException ? failure.getCause() : failure;
        Throwable root = outer;
        while (root.getCause() != null) {
            root = root.getCause();
        }
        return root == outer ? outer.toString() : outer + " (" + root + ")";
    }
}
