package io.streamlocks.coordinator.access;

import io.streamlocks.coordinator.log.RepeatedErrorLog;
import io.streamlocks.coordinator.reload.Reloaded;
import io.streamlocks.coordinator.reload.UnusableFileException;
import java.nio.file.Path;
import java.time.InstantSource;
import java.util.List;
import java.util.Optional;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import org.slf4j.event.Level;

/**
 * Tells who calls, by the bearer token that came with the call: one of the tokens file, or a JWT. Thread-safe. A call
 * waits for no file and no network.
 */
public final class Authenticator {

    private static final Logger LOG = LoggerFactory.getLogger(Authenticator.class);

    /** RFC 6750; the name of the scheme in any case. */
    private static final Pattern BEARER = Pattern.compile("(?i:bearer) +([A-Za-z0-9._~+/-]+=*)");

    private final Optional<Reloaded<Tokens>> tokens;
    private final Optional<Keys> keys;
    private final Optional<Jwts> jwts;
    private final InstantSource wallClock;
    private final RepeatedErrorLog errors = new RepeatedErrorLog(LOG, System::nanoTime);

    /**
     * What JWTs are accepted.
     *
     * @param keys where the key set of the issuer is: an https URL, an http URL of this machine, or a file
     * @param issuer their {@code iss}
     * @param audience what their {@code aud} must have
     */
    public record Jwt(String keys, String issuer, String audience) {}

    private Authenticator(
            Optional<Reloaded<Tokens>> tokens, Optional<Keys> keys, Optional<Jwt> jwt, InstantSource wallClock) {
        this.tokens = tokens;
        this.keys = keys;
        this.jwts = keys.map(source ->
                new Jwts(source.source(), jwt.get().issuer(), jwt.get().audience(), wallClock));
        this.wallClock = wallClock;
    }

    /**
     * Reads the files. A key set with a URL is fetched in the background, from the first {@link #reload} or the first
     * need on.
     *
     * @param tokensFile where the tokens are, if there are any
     * @param jwt which JWTs are accepted, if any are
     * @return for use with the wall clock of this machine
     * @throws UnusableFileException if a file cannot be used
     * @throws IllegalArgumentException if the key set has neither such a URL nor a file's name
     */
    public static Authenticator of(Optional<Path> tokensFile, Optional<Jwt> jwt) throws UnusableFileException {
        return of(tokensFile, jwt, InstantSource.system());
    }

    /**
     * The same with another clock.
     *
     * @param wallClock tells when credentials end. They are no leases: those end by the storage's clock
     */
    public static Authenticator of(Optional<Path> tokensFile, Optional<Jwt> jwt, InstantSource wallClock)
            throws UnusableFileException {
        Optional<Reloaded<Tokens>> tokens = Optional.empty();
        if (tokensFile.isPresent()) {
            tokens = Optional.of(new Reloaded<>(
                    "tokens file", List.of(tokensFile.get()), contents -> Tokens.parse(contents.get(0))));
        }
        Optional<Keys> keys = jwt.isPresent() ? Optional.of(Keys.of(jwt.get().keys())) : Optional.empty();
        return new Authenticator(tokens, keys, jwt, wallClock);
    }

    /**
     * Reads the files anew if they have changed, and has keys fetched if it is time. Never throws. To be called each
     * second.
     */
    public void reload() {
        tokens.ifPresent(Reloaded::reload);
        keys.ifPresent(source -> source.reload().run());
    }

    /**
     * Who calls.
     *
     * @param authorization the values of all {@code Authorization} headers
     * @param address where the call comes from, for the log
     * @return the caller; empty if they prove nothing, whatever is wrong with them
     * @throws KeysUnavailableException if it cannot be told now
     */
    public Optional<Principal> authenticate(List<String> authorization, String address) {
        Matcher bearer = BEARER.matcher(authorization.size() == 1 ? authorization.get(0) : "");
        if (!bearer.matches()) {
            return Optional.empty();
        }
        String token = bearer.group(1);
        Optional<Tokens.Entry> entry = tokens.flatMap(file -> file.get().find(token));
        Optional<Principal> principal = entry.isPresent()
                ? entry.filter(this::isLive).map(Tokens.Entry::principal)
                : jwts.flatMap(jwt -> jwt.principal(token));
        if (principal.isEmpty()) {
            // For whoever wonders why a worker is refused. That a call had no token at all is nothing to log.
            String reason = entry.map(
                            expired -> "the token of " + expired.principal().id() + " has expired")
                    .orElse("its token is not known, or not valid");
            errors.log(Level.INFO, reason + address, "Answered a call from " + address + " with 401: " + reason, null);
        }
        return principal;
    }

    private boolean isLive(Tokens.Entry entry) {
        return entry.expiresAt().map(wallClock.instant()::isBefore).orElse(true);
    }

    /** Whether the tokens file as it is now cannot be used, so that an older one is. */
    public boolean isTokensFileFailing() {
        return tokens.map(Reloaded::isFailing).orElse(false);
    }

    /** Whether the keys of JWTs as they are now cannot be read or used, so that older ones are, or none. */
    public boolean isKeySetFailing() {
        return keys.map(source -> source.failing().getAsBoolean()).orElse(false);
    }
}
