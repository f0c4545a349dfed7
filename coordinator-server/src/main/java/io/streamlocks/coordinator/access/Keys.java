package io.streamlocks.coordinator.access;

import com.nimbusds.jose.KeySourceException;
import com.nimbusds.jose.jwk.JWK;
import com.nimbusds.jose.jwk.JWKMatcher;
import com.nimbusds.jose.jwk.JWKSelector;
import com.nimbusds.jose.jwk.JWKSet;
import com.nimbusds.jose.jwk.KeyType;
import com.nimbusds.jose.jwk.source.JWKSetUnavailableException;
import com.nimbusds.jose.jwk.source.JWKSource;
import com.nimbusds.jose.jwk.source.JWKSourceBuilder;
import com.nimbusds.jose.jwk.source.RateLimitReachedException;
import com.nimbusds.jose.proc.SecurityContext;
import com.nimbusds.jose.util.DefaultResourceRetriever;
import io.streamlocks.coordinator.log.RepeatedErrorLog;
import io.streamlocks.coordinator.reload.Reloaded;
import io.streamlocks.coordinator.reload.UnusableFileException;
import java.io.Closeable;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.MalformedURLException;
import java.net.URI;
import java.net.URISyntaxException;
import java.nio.charset.StandardCharsets;
import java.nio.file.InvalidPathException;
import java.nio.file.Path;
import java.text.ParseException;
import java.time.Duration;
import java.util.List;
import java.util.Optional;
import org.slf4j.LoggerFactory;
import org.slf4j.event.Level;

/**
 * The keys that JWTs are verified with: those of a file, or of a URL. Thread-safe.
 *
 * @param source finds a key
 * @param file the file, if they are in one
 */
record Keys(JWKSource<SecurityContext> source, Optional<Reloaded<JWKSet>> file) implements AutoCloseable {

    private static final RepeatedErrorLog ERRORS =
            new RepeatedErrorLog(LoggerFactory.getLogger(Keys.class), System::nanoTime);

    private static final int FETCH_TIMEOUT_MS = 1000;
    private static final int MAX_BYTES = 1024 * 1024;

    private static final Duration FRESH = Duration.ofMinutes(5);
    private static final Duration REFRESH_AHEAD = Duration.ofMinutes(1);
    private static final Duration MOST_WAITING = Duration.ofMillis(2500);

    /** A key that is not in the set makes it be fetched anew, but made-up ones must not do so at each call. */
    private static final Duration FETCH_AT_MOST_EACH = Duration.ofSeconds(10);

    /** While their issuer is away, keys serve on for so long. */
    private static final Duration OUTAGE = Duration.ofHours(12);

    /**
     * Reads the file, or gets ready to fetch.
     *
     * @param where an http or https URL, or a file
     * @throws UnusableFileException if the file holds no key that can be used
     * @throws IllegalArgumentException if it is neither a URL nor a file's name
     */
    static Keys of(String where) throws UnusableFileException {
        if (where.contains("://")) {
            return new Keys(new Fetched(fetched(where)), Optional.empty());
        }
        try {
            Reloaded<JWKSet> file =
                    new Reloaded<>("key set of JWTs", List.of(Path.of(where)), contents -> parse(contents.get(0)));
            return new Keys((selector, context) -> selector.select(file.get()), Optional.of(file));
        } catch (InvalidPathException e) {
            throw neither();
        }
    }

    private static JWKSource<SecurityContext> fetched(String url) {
        try {
            URI uri = new URI(url);
            if (!url.matches("(?i)https?:.*") || uri.getHost() == null) {
                throw neither();
            }
            var retriever = new DefaultResourceRetriever(FETCH_TIMEOUT_MS, FETCH_TIMEOUT_MS, MAX_BYTES);
            return JWKSourceBuilder.create(uri.toURL(), retriever)
                    .cache(FRESH.toMillis(), MOST_WAITING.toMillis())
                    .refreshAheadCache(REFRESH_AHEAD.toMillis(), false)
                    .rateLimited(FETCH_AT_MOST_EACH.toMillis())
                    .retrying(true)
                    .outageTolerant(OUTAGE.toMillis())
                    .build();
        } catch (URISyntaxException | MalformedURLException e) {
            throw neither();
        }
    }

    /** Tells keys that are not there from those that are not known, where fetching them is not tried for a while. */
    private static final class Fetched implements JWKSource<SecurityContext>, Closeable {
        private final JWKSource<SecurityContext> source;
        private volatile boolean available;

        Fetched(JWKSource<SecurityContext> source) {
            this.source = source;
        }

        @Override
        public List<JWK> get(JWKSelector selector, SecurityContext context) throws KeySourceException {
            try {
                List<JWK> keys = source.get(selector, context);
                available = true;
                return keys;
            } catch (JWKSetUnavailableException e) {
                available = false;
                throw e;
            } catch (RateLimitReachedException e) {
                throw available ? e : new JWKSetUnavailableException("Fetching the keys failed just before", e);
            }
        }

        /** Fetches if there are no keys, so that no call has to wait for it. */
        void fetchIfNone() {
            if (!available) {
                try {
                    get(new JWKSelector(new JWKMatcher.Builder().build()), null);
                } catch (KeySourceException e) {
                    ERRORS.log(Level.WARN, "fetch", "The keys of JWTs cannot be fetched yet: " + rootCause(e), null);
                }
            }
        }

        private static Throwable rootCause(Throwable e) {
            return e.getCause() == null ? e : rootCause(e.getCause());
        }

        @Override
        public void close() throws IOException {
            if (source instanceof Closeable closeable) {
                closeable.close();
            }
        }
    }

    private static IllegalArgumentException neither() {
        return new IllegalArgumentException("must be an http or https URL, or a file");
    }

    private static JWKSet parse(byte[] file) throws UnusableFileException {
        JWKSet keys;
        try {
            keys = JWKSet.parse(new String(file, StandardCharsets.UTF_8));
        } catch (ParseException | IllegalArgumentException e) {
            // Its message may quote a key.
            throw new UnusableFileException(List.of("is not a JWK set: a JSON object with an array \"keys\""));
        }
        if (keys.getKeys().stream()
                .noneMatch(key ->
                        key.getKeyType().equals(KeyType.RSA) || key.getKeyType().equals(KeyType.EC))) {
            throw new UnusableFileException(List.of("has no RSA or EC key"));
        }
        return keys.toPublicJWKSet();
    }

    void reload() {
        file.ifPresent(Reloaded::reload);
        if (source instanceof Fetched fetched) {
            fetched.fetchIfNone();
        }
    }

    /** Ends what fetches. */
    @Override
    public void close() {
        try {
            if (source instanceof Closeable closeable) {
                closeable.close();
            }
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }
}
