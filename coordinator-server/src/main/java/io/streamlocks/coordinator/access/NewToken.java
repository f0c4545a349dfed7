package io.streamlocks.coordinator.access;

import java.security.SecureRandom;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Base64;
import java.util.List;
import java.util.Optional;

/**
 * A new token. Its line does not reveal it.
 *
 * @param token the token, for the caller
 * @param line its line for the tokens file
 */
public record NewToken(String token, String line) {

    /** Scanners for secrets find tokens by this prefix. */
    private static final String MARK = "slc_";

    private static final int RANDOM_BYTES = 32;

    /**
     * Makes a random token.
     *
     * @param principal the caller that will have the token
     * @param expiresAt when it ends; empty for never
     * @throws IllegalArgumentException if a tokens file may not contain its line; the message lists every problem
     */
    public static NewToken of(Principal principal, Optional<Instant> expiresAt) {
        byte[] random = new byte[RANDOM_BYTES];
        new SecureRandom().nextBytes(random);
        String token = MARK + Base64.getUrlEncoder().withoutPadding().encodeToString(random);
        String line = TokenLine.of(principal, token, expiresAt);
        List<String> problems = new ArrayList<>();
        TokenLine.parse(1, line, problems);
        if (!problems.isEmpty()) {
            throw new IllegalArgumentException(String.join("\n", problems).replace("line 1: ", ""));
        }
        return new NewToken(token, line);
    }

    /** Returns the line, without the token. */
    @Override
    public String toString() {
        return "NewToken[" + line + "]";
    }
}
