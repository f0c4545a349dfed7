package io.streamlocks.bench;

import java.util.List;
import java.util.Locale;
import java.util.concurrent.ThreadLocalRandom;

/**
 * Leases that are acquired, renewed and released together. The bodies of the requests are built once: a load that
 * builds JSON for each request would take CPU time from the server. This class is not thread-safe.
 */
final class LeaseBatch {

    private final int size;
    private final BatchBody acquire;
    private final BatchBody withIds;

    private long leases;

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
        this.acquire = BatchBody.of(streamIds, id, ",\"ownerId\":\"bench\",\"ttlMs\":" + ttlMs);
        this.withIds = BatchBody.of(streamIds, id, "");
        newLeases();
    }

    /** Replaces the lease ids by new ones. */
    void newLeases() {
        for (int i = 0; i < size; i++) {
            leases++;
            acquire.setLease(i, leases);
            withIds.setLease(i, leases);
        }
    }

    int size() {
        return size;
    }

    byte[] acquireBody() {
        return acquire.json();
    }

    /** Returns the body of a renewal, in which each lease keeps its ttl, and of a release. */
    byte[] body() {
        return withIds.json();
    }
}
