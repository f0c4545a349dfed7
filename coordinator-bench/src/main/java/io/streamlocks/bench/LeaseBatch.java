package io.streamlocks.bench;

import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.Locale;
import java.util.concurrent.ThreadLocalRandom;

/**
 * Leases that are acquired, renewed and released together. The bodies of the requests are built once: a load that
 * builds JSON for each request would take CPU time from the server. This class is not thread-safe.
 */
final class LeaseBatch {

    private static final byte[] HEX = "0123456789abcdef".getBytes(StandardCharsets.US_ASCII);

    /** The number of digits of a lease id that are new for each lease. The others belong to the batch. */
    private static final int NEW_DIGITS = 12;

    private final int size;
    private final Template acquire;
    private final Template withIds;

    private long leases;

    /** A body with the position of the last digits of the first lease id, and the distance to those of the next. */
    private record Template(byte[] body, int[] idEnds) {}

    /**
     * Builds the bodies.
     *
     * @param streamIds the streams
     * @param ttlMs the ttl of the leases
     */
    LeaseBatch(List<String> streamIds, long ttlMs) {
        this.size = streamIds.size();
        String id = String.format(
                Locale.ROOT,
                "%08x-0000-4000-8000-000000000000",
                ThreadLocalRandom.current().nextInt());
        this.leases = ThreadLocalRandom.current().nextLong(1L << 46);
        this.acquire = template(streamIds, id, ",\"ownerId\":\"bench\",\"ttlMs\":" + ttlMs);
        this.withIds = template(streamIds, id, "");
        newLeases();
    }

    private static Template template(List<String> streamIds, String id, String more) {
        StringBuilder json = new StringBuilder("{\"items\":[");
        int[] ends = new int[streamIds.size()];
        for (int i = 0; i < ends.length; i++) {
            json.append(i == 0 ? "{\"streamId\":\"" : ",{\"streamId\":\"").append(streamIds.get(i));
            json.append("\",\"leaseId\":\"").append(id);
            // The stream ids are ASCII, so a character is a byte.
            ends[i] = json.length();
            json.append('"').append(more).append('}');
        }
        return new Template(json.append("]}").toString().getBytes(StandardCharsets.US_ASCII), ends);
    }

    /** Replaces the lease ids by new ones. */
    void newLeases() {
        for (int i = 0; i < size; i++) {
            leases++;
            write(leases, acquire.body(), acquire.idEnds()[i]);
            write(leases, withIds.body(), withIds.idEnds()[i]);
        }
    }

    private static void write(long number, byte[] body, int end) {
        long rest = number;
        for (int i = 1; i <= NEW_DIGITS; i++) {
            body[end - i] = HEX[(int) (rest & 15)];
            rest >>>= 4;
        }
    }

    int size() {
        return size;
    }

    byte[] acquireBody() {
        return acquire.body();
    }

    /** Returns the body of a renewal, in which each lease keeps its ttl, and of a release. */
    byte[] body() {
        return withIds.body();
    }
}
