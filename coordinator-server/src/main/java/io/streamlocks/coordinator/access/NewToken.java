package io.streamlocks.coordinator.access;

import java.security.SecureRandom;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Base64;
import java.util.List;
import java.util.Optional;

/**
 * A token just made, which nobody can tell again from its line.
 *
 * @param token for whoever makes the calls
 * @param line for the tokens file
 */
public record NewToken(String token, String line) {

    /** So that a scanner for secrets finds one where it should not be. */
    private static final String MARK = "slc_";

    private static final int RANDOM_BYTES = 32;

    /**
     * Makes one.
     *
     * @param principal whoever will have it
     * @param expiresAt when it ends, if it does
     * @throws IllegalArgumentException if the tokens file would be broken by its line, with every problem
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

    /** Without the token. */
    @Override
    public String toString() {
        return "NewToken[" + line + "]";
    }
}
