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
 * Identifies the caller of a call by its bearer token, which is a token of the tokens file or a JWT. A call waits for
 * no file and no network. This class is thread-safe.
 */
public final class Authenticator {

    private static final Logger LOG = LoggerFactory.getLogger(Authenticator.class);

    /** The header of RFC 6750. The name of the scheme is case-insensitive. */
    private static final Pattern BEARER = Pattern.compile("(?i:bearer) +([A-Za-z0-9._~+/-]+=*)");

    private final Optional<Reloaded<Tokens>> tokens;
    private final Optional<Keys> keys;
    private final Optional<Jwts> jwts;
    private final InstantSource wallClock;
    private final RepeatedErrorLog errors = new RepeatedErrorLog(LOG, System::nanoTime);

    /**
     * Which JWTs are accepted.
     *
     * @param keys where the key set of the issuer is: an https URL, an http URL of this machine, or a file
     * @param issuer their {@code iss}
     * @param audience what their {@code aud} must contain
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
     * Reads the files. A key set at a URL is fetched in the background, from the first {@link #reload} or the first
     * call with a JWT.
     *
     * @param tokensFile the file of the tokens; empty for no tokens
     * @param jwt which JWTs are accepted; empty for none
     * @return an authenticator that uses the wall clock of this machine
     * @throws UnusableFileException if a file cannot be used
     * @throws IllegalArgumentException if the place of the key set is neither such a URL nor a file
     */
    public static Authenticator of(Optional<Path> tokensFile, Optional<Jwt> jwt) throws UnusableFileException {
        return of(tokensFile, jwt, InstantSource.system());
    }

    /**
     * Reads the files, as {@link #of(Optional, Optional)}, and uses another clock.
     *
     * @param wallClock decides when credentials end. Leases end by the clock of the storage instead
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
     * Reads the files again if they have changed, and starts to fetch keys if it is time. Never throws. The caller
     * calls this every second.
     */
    public void reload() {
        tokens.ifPresent(Reloaded::reload);
        keys.ifPresent(source -> source.reload().run());
    }

    /**
     * Identifies the caller.
     *
     * @param authorization the values of all {@code Authorization} headers
     * @param address the address of the caller, for the log
     * @return the caller; empty if the headers contain no valid token
     * @throws KeysUnavailableException if the token cannot be verified now
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
            // An operator needs the reason when a worker is rejected. A call without any token is not logged.
            String reason = entry.map(
                            expired -> "the token of " + expired.principal().id() + " has expired")
                    .orElse("its token is unknown or not valid");
            errors.log(Level.INFO, reason + address, "Rejected a call from " + address + " with 401: " + reason);
        }
        return principal;
    }

    private boolean isLive(Tokens.Entry entry) {
        return entry.expiresAt().map(wallClock.instant()::isBefore).orElse(true);
    }

    /** Returns whether it verifies signatures, which takes longer than to wake another thread. */
    public boolean verifiesSignatures() {
        return jwts.isPresent();
    }

    /** Returns whether the current tokens file cannot be used, so that the previous one is in use. */
    public boolean isTokensFileFailing() {
        return tokens.map(Reloaded::isFailing).orElse(false);
    }

    /**
     * Returns whether the current keys of JWTs cannot be read or used, so that the previous ones are in use, or none.
     */
    public boolean isKeySetFailing() {
        return keys.map(source -> source.failing().getAsBoolean()).orElse(false);
    }
}
