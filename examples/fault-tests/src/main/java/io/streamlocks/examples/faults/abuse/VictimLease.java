package io.streamlocks.examples.faults.abuse;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.io.IOException;
import java.util.UUID;
import java.util.concurrent.TimeUnit;

/** A lease of a victim. Used by one thread. */
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

    static VictimLease acquire(Api api, String stream, long ttlMs) throws IOException, InterruptedException {
        String leaseId = UUID.randomUUID().toString();
        long sent = System.nanoTime();
        ObjectNode body =
                api.object().put("ownerId", "victim").put("leaseId", leaseId).put("ttlMs", ttlMs);
        Api.Answer answer = api.post(Api.path(stream, "acquire"), body);
        if (answer.status() != 200) {
            throw new IOException(stream + " was not granted before the attack: " + answer.status());
        }
        return new VictimLease(
                stream, leaseId, answer.body().get("fencingToken").asLong(), safeUntil(sent, answer.body()));
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

    /** Whether somebody else may have it by now. */
    boolean isOver() {
        return System.nanoTime() - safeUntil >= 0;
    }

    /** Takes the lease of an answer to a renewal that was sent then. Returns whether it is the same one. */
    boolean renewed(long sent, JsonNode lease) {
        safeUntil = safeUntil(sent, lease);
        return lease.get("fencingToken").asLong() == fencingToken;
    }
}
