package io.streamlocks.proof.abuse;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import java.util.UUID;
import java.util.concurrent.TimeUnit;

/** A lease of a victim. Only one thread may use it. */
final class VictimLease {

    private final String stream;
    private final String leaseId;
    private final long fencingToken;
    private long safeUntil;

    private VictimLease(String stream, String leaseId, long fencingToken, long safeUntil) {
        this.stream = stream;
        this.leaseId = leaseId;
        this.fencingToken = fencingToken;
        this.safeUntil = safeUntil;
    }

    /**
     * Acquires streams with this prefix, numbered from 0, in one call.
     *
     * @throws IOException if a stream is not granted
     */
    static List<VictimLease> acquire(Api api, String prefix, int count, long ttlMs)
            throws IOException, InterruptedException {
        List<String> leaseIds = new ArrayList<>();
        ObjectNode body = api.object();
        ArrayNode items = body.putArray("items");
        for (int i = 0; i < count; i++) {
            leaseIds.add(UUID.randomUUID().toString());
            items.addObject()
                    .put("streamId", prefix + i)
                    .put("ownerId", "victim")
                    .put("leaseId", leaseIds.get(i))
                    .put("ttlMs", ttlMs);
        }
        long sent = System.nanoTime();
        Api.Answer answer = api.post("/v1/batch/acquire", body);
        List<VictimLease> leases = new ArrayList<>();
        for (int i = 0; i < count; i++) {
            JsonNode lease = answer.body().path("results").path(i).path("lease");
            if (lease.isMissingNode()) {
                throw new IOException(prefix + i + " was not granted before the attack: " + answer);
            }
            leases.add(new VictimLease(
                    prefix + i, leaseIds.get(i), lease.get("fencingToken").asLong(), safeUntil(sent, lease)));
        }
        return leases;
    }

    private static long safeUntil(long sent, JsonNode lease) {
        return sent + TimeUnit.MILLISECONDS.toNanos(lease.get("expiresInMs").asLong());
    }

    String stream() {
        return stream;
    }

    String leaseId() {
        return leaseId;
    }

    long fencingToken() {
        return fencingToken;
    }

    /** Returns whether another caller may have the stream by now. */
    boolean isOver() {
        return System.nanoTime() - safeUntil >= 0;
    }

    /** Takes over the lease in the response to a renewal. Returns whether its token is the same. */
    boolean renewed(long sent, JsonNode lease) {
        safeUntil = safeUntil(sent, lease);
        return lease.get("fencingToken").asLong() == fencingToken;
    }
}
