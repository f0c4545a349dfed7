package io.streamlocks.proof.abuse;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.security.SecureRandom;
import java.util.Arrays;
import java.util.Base64;
import java.util.HexFormat;
import java.util.Locale;

/** A caller with a token of its own. */
enum Caller {
    VICTIM("worker", ",\"streamPrefixes\":[\"victim/\"]"),
    ABUSER("worker", ",\"streamPrefixes\":[\"abuser/\"]"),
    READER("reader", ""),
    OPERATOR("operator", "");

    private final String role;
    private final String limits;
    private final String token;

    Caller(String role, String limits) {
        this.role = role;
        this.limits = limits;
        byte[] random = new byte[32];
        new SecureRandom().nextBytes(random);
        token = "slc_" + Base64.getUrlEncoder().withoutPadding().encodeToString(random);
    }

    String token() {
        return token;
    }

    /** Writes the tokens file for a coordinator, and returns it. */
    static Path writeFile(Path directory) throws IOException {
        return Files.write(
                directory.resolve("tokens.jsonl"),
                Arrays.stream(values()).map(Caller::line).toList());
    }

    private String line() {
        try {
            byte[] hash = MessageDigest.getInstance("SHA-256").digest(token.getBytes(StandardCharsets.UTF_8));
            return String.format(
                    Locale.ROOT,
                    "{\"id\":\"%s\",\"sha256\":\"%s\",\"role\":\"%s\"%s}",
                    name(),
                    HexFormat.of().formatHex(hash),
                    role,
                    limits);
        } catch (NoSuchAlgorithmException e) {
            throw new IllegalStateException(e);
        }
    }
}
