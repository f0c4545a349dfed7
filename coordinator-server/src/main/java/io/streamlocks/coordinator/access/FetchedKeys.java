package io.streamlocks.coordinator.access;

import com.nimbusds.jose.jwk.JWK;
import com.nimbusds.jose.jwk.JWKSelector;
import com.nimbusds.jose.jwk.JWKSet;
import com.nimbusds.jose.jwk.source.JWKSetUnavailableException;
import com.nimbusds.jose.jwk.source.JWKSource;
import com.nimbusds.jose.proc.SecurityContext;
import io.streamlocks.coordinator.log.RepeatedErrorLog;
import io.streamlocks.coordinator.log.RootCause;
import io.streamlocks.coordinator.reload.UnusableFileException;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.time.Duration;
import java.util.List;
import java.util.Objects;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.function.LongSupplier;
import org.jspecify.annotations.Nullable;
import org.slf4j.LoggerFactory;
import org.slf4j.event.Level;

/**
 * The keys at a URL. This class fetches them in the background. A call uses the keys that were fetched last, and waits
 * for nothing. This class is thread-safe.
 */
final class FetchedKeys implements JWKSource<SecurityContext> {

    private static final RepeatedErrorLog ERRORS =
            new RepeatedErrorLog(LoggerFactory.getLogger(FetchedKeys.class), System::nanoTime);

    private static final int MAX_BYTES = 1024 * 1024;
    private static final Duration CONNECT_TIMEOUT = Duration.ofSeconds(1);

    /** The longest time from the connection to the last byte. */
    static final Duration TIMEOUT = Duration.ofSeconds(5);

    private static final Duration FRESH = Duration.ofMinutes(5);

    /** Each call with a JWT is rejected while there are no keys, so they are fetched again soon. */
    private static final Duration RETRY_IF_NONE = Duration.ofSeconds(1);

    /** A key that is not in the set has it fetched again. Invented keys must not do that at each call. */
    private static final Duration FETCH_AT_MOST_EACH = Duration.ofSeconds(10);

    /** How long the last keys stay in use while the issuer is away. */
    private static final Duration OUTAGE = Duration.ofHours(12);

    private record Known(JWKSet keys, long fetchedAtNanos) {}

    // An attacker who can make the issuer send a redirect could choose the keys.
    private final HttpClient http = HttpClient.newBuilder()
            .followRedirects(HttpClient.Redirect.NEVER)
            .version(HttpClient.Version.HTTP_1_1)
            .connectTimeout(CONNECT_TIMEOUT)
            .build();

    private final HttpRequest request;
    private final Duration timeout;
    private final LongSupplier nanoTime;

    /** Null until the keys are fetched for the first time. */
    private volatile @Nullable Known known;

    private volatile boolean failing;

    /** The last fetch. It is guarded by this, as are the times before which no other fetch starts. */
    private CompletableFuture<Void> fetch = CompletableFuture.completedFuture(null);

    private long notBeforeNanos;
    private long notForUnknownBeforeNanos;

    /**
     * Fetches nothing yet.
     *
     * @param url where the keys are
     * @param timeout how long a fetch may take
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
     * Returns the keys that match. If no key matches, they are fetched again, unless they were fetched a moment ago.
     *
     * @throws JWKSetUnavailableException if there are no keys, or if the fetch that is running may find the key
     */
    @Override
    public List<JWK> get(JWKSelector selector, SecurityContext context) throws JWKSetUnavailableException {
        Known before = known;
        if (before == null || age(before) > OUTAGE.toNanos()) {
            fetch(RETRY_IF_NONE);
            throw new JWKSetUnavailableException(
                    "No keys have been fetched yet, or in the last " + OUTAGE.toHours() + " h");
        }
        List<JWK> found = selector.select(before.keys());
        if (!found.isEmpty()) {
            return found;
        }
        if (fetchForUnknown()) {
            throw new JWKSetUnavailableException("The keys are being fetched, because one of them is unknown");
        }
        // A fetch may have ended since the first look.
        return selector.select(Objects.requireNonNullElse(known, before).keys());
    }

    /** Starts a fetch if there are no keys, or only old ones. Returns at once. The caller calls this every second. */
    void refresh() {
        Known now = known;
        if (now == null) {
            fetch(RETRY_IF_NONE);
        } else if (age(now) >= FRESH.toNanos()) {
            fetch(FETCH_AT_MOST_EACH);
        }
    }

    /** Returns whether the last fetch has failed. */
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

    /** Starts a fetch if it is time. Returns whether a fetch is running. */
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
        CompletableFuture<HttpResponse<byte[]>> response = http.sendAsync(request, info -> new BoundedBody(MAX_BYTES));
        AtomicBoolean late = new AtomicBoolean();
        fetch = response.handle((whole, failure) -> {
            if (failure == null) {
                use(whole);
            } else {
                keep(late.get() ? "it took more than " + timeout.toMillis() + " ms" : describe(failure));
            }
            return null;
        });
        // The time-out of HttpRequest covers only the head of the response, and its body could take for ever.
        CompletableFuture.delayedExecutor(timeout.toMillis(), TimeUnit.MILLISECONDS)
                .execute(() -> {
                    late.set(true);
                    response.cancel(true);
                });
    }

    private void use(HttpResponse<byte[]> response) {
        if (response.statusCode() != 200) {
            keep("the response has the status " + response.statusCode() + " (redirects are not followed)");
        } else {
            try {
                known = new Known(Keys.parse(response.body()), nanoTime.getAsLong());
                failing = false;
            } catch (UnusableFileException e) {
                keep("the response " + e.getMessage());
            }
        }
    }

    private void keep(String reason) {
        failing = true;
        ERRORS.log(
                Level.WARN,
                reason,
                "The keys of JWTs cannot be fetched"
                        + (known == null ? " yet: " : ". The previous keys stay in use: ")
                        + reason);
    }

    /** The outer exception names the failure of a connection, and the root names its reason. */
    private static String describe(Throwable failure) {
        Throwable cause = failure.getCause();
        Throwable outer = failure instanceof CompletionException && cause != null ? cause : failure;
        Throwable root = RootCause.of(outer);
        return root == outer ? outer.toString() : outer + " (" + root + ")";
    }
}
