package io.streamlocks.coordinator.http.jetty;

import java.util.concurrent.ThreadLocalRandom;
import java.util.concurrent.atomic.AtomicLong;
import org.jspecify.annotations.Nullable;

/** The ids of calls. This class is thread-safe. */
final class RequestId {

    private static final int MAX_LENGTH = 128;

    /** Is random for each process, so that no two servers make the same id; the rest of an id counts. */
    private static final String PREFIX =
            Long.toString(ThreadLocalRandom.current().nextLong(1L << 41, 1L << 46), 36) + "-";

    private static final AtomicLong COUNT = new AtomicLong();

    private RequestId() {}

    /**
     * Returns the id that the client gives its call, or a new one.
     *
     * @param given by the client, null if it gives none; replaced if it is not 1 to 128 of the characters {@code
     *     [A-Za-z0-9._-]}, so that it can be written into any log
     */
    static String of(@Nullable String given) {
        return given != null && isValid(given) ? given : PREFIX + Long.toString(COUNT.incrementAndGet(), 36);
    }

    private static boolean isValid(String id) {
        if (id.isEmpty() || id.length() > MAX_LENGTH) {
            return false;
        }
        for (int i = 0; i < id.length(); i++) {
            char c = id.charAt(i);
            boolean valid = c >= 'a' && c <= 'z'
                    || c >= 'A' && c <= 'Z'
                    || c >= '0' && c <= '9'
                    || c == '.'
                    || c == '_'
                    || c == '-';
            if (!valid) {
                return false;
            }
        }
        return true;
    }
}
