package io.streamlocks.coordinator.settings;

import io.streamlocks.coordinator.access.Authenticator;
import io.streamlocks.coordinator.reload.UnusableFileException;
import java.net.InetAddress;
import java.net.UnknownHostException;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.Optional;

/**
 * Says who may do what. Every caller may do everything if there are neither tokens nor JWTs.
 *
 * @param tokensFile the file of the tokens
 * @param jwt which JWTs are accepted
 * @param isForLoopback whether the server takes calls for this machine only: every caller may do everything, and no
 *     setting says that this is meant for other machines
 */
public record AccessSettings(Optional<Path> tokensFile, Optional<Authenticator.Jwt> jwt, boolean isForLoopback) {

    static AccessSettings read(SettingsReader reader, String httpHost) {
        String auth = reader.text("AUTH", "");
        boolean none = auth.equals("none");
        if (!none && !auth.isEmpty()) {
            reader.problem("AUTH", "must be none or not set");
        }
        String tokensFile = reader.text("COORDINATOR_TOKENS_FILE", "");
        String keys = reader.text("JWT_JWKS", "");
        String issuer = reader.text("JWT_ISSUER", "");
        String audience = reader.text("JWT_AUDIENCE", "");
        reader.needed("JWT_ISSUER", issuer, "JWT_JWKS", keys);
        reader.needed("JWT_AUDIENCE", audience, "JWT_JWKS", keys);
        reader.useless("JWT_ISSUER", issuer, "JWT_JWKS", keys);
        reader.useless("JWT_AUDIENCE", audience, "JWT_JWKS", keys);
        Optional<Path> tokens = reader.path("COORDINATOR_TOKENS_FILE");
        Optional<Authenticator.Jwt> jwt =
                keys.isEmpty() ? Optional.empty() : Optional.of(new Authenticator.Jwt(keys, issuer, audience));
        reader.usable("COORDINATOR_TOKENS_FILE", () -> Authenticator.of(tokens, Optional.empty()));
        reader.usable("JWT_JWKS", () -> Authenticator.of(Optional.empty(), jwt));
        boolean controlled = !tokensFile.isEmpty() || !keys.isEmpty();
        if (none && controlled) {
            reader.problem("AUTH", "must not be none with COORDINATOR_TOKENS_FILE or JWT_JWKS");
        } else if (!none && !controlled && !isLoopback(httpHost)) {
            reader.problem(
                    "HTTP_HOST",
                    "accepts connections from other machines: set COORDINATOR_TOKENS_FILE or JWT_JWKS, or set AUTH=none"
                            + " to let every caller do everything");
        }
        return new AccessSettings(tokens, jwt, !none && !controlled);
    }

    private static boolean isLoopback(String host) {
        try {
            return Arrays.stream(InetAddress.getAllByName(host)).allMatch(InetAddress::isLoopbackAddress);
        } catch (UnknownHostException e) {
            // The name may lead to any address by the time the server listens.
            return false;
        }
    }

    /** Returns whether callers need a token. */
    public boolean isControlled() {
        return tokensFile.isPresent() || jwt.isPresent();
    }

    /**
     * Reads the files.
     *
     * @return checks the token of each call; empty if callers need no token
     * @throws UnusableFileException if a file cannot be used
     */
    public Optional<Authenticator> authenticator() throws UnusableFileException {
        return isControlled() ? Optional.of(Authenticator.of(tokensFile, jwt)) : Optional.empty();
    }
}
