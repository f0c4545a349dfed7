package io.streamlocks.coordinator.access;

import io.streamlocks.coordinator.reload.UnusableFileException;
import java.nio.ByteBuffer;
import java.nio.charset.CharacterCodingException;
import java.nio.charset.StandardCharsets;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.time.Instant;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HexFormat;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/**
 * The tokens of a tokens file. Each line is a JSON object with the hash of a token and what the token permits.
 * Blank lines and lines that begin with {@code #} are ignored. This class is immutable.
 *
 * <pre>
 * {"id":"ops-alice","sha256":"(64 hex digits)","role":"operator","streamPrefixes":["orders/"],"ownerPrefix":"pod-","expiresAt":"2027-01-01T00:00:00Z"}
 * </pre>
 *
 * <p>Several lines may have the same id, for example while one token replaces another.
 */
public final class Tokens {

    /**
     * A line of the file.
     *
     * @param sha256 the hash of the token
     * @param principal the caller that has the token
     * @param expiresAt when the token ends, by the wall clock of the server
     */
    record Entry(byte[] sha256, Principal principal, Optional<Instant> expiresAt) {
        /** Returns the caller, without the hash. */
        @Override
        public String toString() {
            return "Entry[" + principal + "]";
        }
    }

    private final List<Entry> entries;

    private Tokens(List<Entry> entries) {
        this.entries = List.copyOf(entries);
    }

    /**
     * Reads a tokens file. A file without a token is rejected, because it is more likely to be incomplete than meant to
     * lock out every caller.
     *
     * @param file the content of the file
     * @throws UnusableFileException if there are problems; its message names the line and field of each
     */
    public static Tokens parse(byte[] file) throws UnusableFileException {
        List<String> problems = new ArrayList<>();
        List<Entry> entries = new ArrayList<>();
        Map<String, Integer> lineOfHash = new HashMap<>();
        String[] lines = text(file).split("\n", -1);
        for (int i = 0; i < lines.length; i++) {
            String line = lines[i].strip();
            if (line.isEmpty() || line.startsWith("#")) {
                continue;
            }
            int number = i + 1;
            Optional<Entry> entry = TokenLine.parse(number, line, problems);
            if (entry.isEmpty()) {
                continue;
            }
            Integer before =
                    lineOfHash.putIfAbsent(HexFormat.of().formatHex(entry.get().sha256()), number);
            if (before != null) {
                problems.add("line " + number + ": sha256 is the same as in line " + before);
            }
            entries.add(entry.get());
        }
        if (entries.isEmpty() && problems.isEmpty()) {
            problems.add("contains no token");
        }
        if (!problems.isEmpty()) {
            throw new UnusableFileException(problems);
        }
        return new Tokens(entries);
    }

    private static String text(byte[] file) throws UnusableFileException {
        try {
            return StandardCharsets.UTF_8
                    .newDecoder()
                    .decode(ByteBuffer.wrap(file))
                    .toString();
        } catch (CharacterCodingException e) {
            throw new UnusableFileException(List.of("is not UTF-8"));
        }
    }

    /** Returns the line of this token; empty if there is none. */
    Optional<Entry> find(String token) {
        byte[] hash = sha256(token);
        Entry found = null;
        // This compares all lines, and each of them to its end. The time must not reveal how much of a hash is right.
        for (Entry entry : entries) {
            if (MessageDigest.isEqual(entry.sha256(), hash)) {
                found = entry;
            }
        }
        return Optional.ofNullable(found);
    }

    static byte[] sha256(String token) {
        try {
            return MessageDigest.getInstance("SHA-256").digest(token.getBytes(StandardCharsets.UTF_8));
        } catch (NoSuchAlgorithmException e) {
            throw new IllegalStateException("Every JVM has SHA-256", e);
        }
    }
}
