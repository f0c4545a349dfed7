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
 * The tokens of a tokens file: a JSON object a line, with the hash of a token and what it is for. Blank lines, and those
 * that begin with {@code #}, say nothing. Immutable.
 *
 * <pre>
 * {"id":"ops-alice","sha256":"(64 hex digits)","role":"operator","streamPrefixes":["orders/"],"ownerPrefix":"pod-","expiresAt":"2027-01-01T00:00:00Z"}
 * </pre>
 *
 * <p>An id may stand on several lines, as while one token replaces another.
 */
public final class Tokens {

    /**
     * A line.
     *
     * @param sha256 the hash of the token
     * @param principal whoever has the token
     * @param expiresAt when it ends, on the server's wall clock
     */
    record Entry(byte[] sha256, Principal principal, Optional<Instant> expiresAt) {
        /** Without the hash. */
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
     * Reads a tokens file. A file without any token counts as broken, since it is more likely to be half written than
     * meant to lock everybody out.
     *
     * @param file what is in it
     * @throws UnusableFileException naming line and field of every problem
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
                problems.add("line " + number + ": sha256 is that of line " + before);
            }
            entries.add(entry.get());
        }
        if (entries.isEmpty() && problems.isEmpty()) {
            problems.add("holds no token");
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

    /** The line of this token, or empty if there is none. */
    Optional<Entry> find(String token) {
        byte[] hash = sha256(token);
        Entry found = null;
        // On to the end, and each comparison to its end: how long it takes must not tell how much of a hash was right.
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
            throw new IllegalStateException("Every Java has SHA-256", e);
        }
    }
}
