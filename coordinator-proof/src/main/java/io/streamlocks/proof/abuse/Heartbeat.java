package io.streamlocks.proof.abuse;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.MissingNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.io.IOException;
import java.util.ArrayList;
import java.util.Iterator;
import java.util.List;
import java.util.concurrent.TimeUnit;

/**
 * Renews leases at each third of the ttl, as a worker does. A renewal without a result is tried again until the lease
 * ends.
 */
final class Heartbeat implements Runnable {

    private static final long AGAIN_AFTER_MS = 200;

    private final Api api;
    private final List<VictimLease> leases;
    private final boolean batch;
    private final long interval;
    private final VictimRecord record;
    private final long first;

    /** When the renewal that has no result yet was due; 0 if there is none. */
    private long due;

    /** The number of leases in that renewal. */
    private int asked;

    /**
     * Makes a heartbeat that is not started.
     *
     * @param leases the leases to renew
     * @param batch whether one batch call renews all leases; otherwise there is only one lease
     * @param first when the first renewal is due, on the clock of {@link System#nanoTime}
     */
    Heartbeat(Api api, List<VictimLease> leases, boolean batch, long ttlMs, long first, VictimRecord record) {
        this.api = api;
        this.leases = new ArrayList<>(leases);
        this.batch = batch;
        this.interval = TimeUnit.MILLISECONDS.toNanos(ttlMs) / 3;
        this.first = first;
        this.record = record;
    }

    /** Renews until it is interrupted or all leases are lost. */
    @Override
    public void run() {
        try {
            for (long next = first; !leases.isEmpty(); next = Math.max(next + interval, System.nanoTime())) {
                TimeUnit.NANOSECONDS.sleep(next - System.nanoTime());
                due = next;
                asked = leases.size();
                renewAll();
                record.renewed(sinceDue(), asked);
                due = 0;
            }
        } catch (InterruptedException e) {
            // A renewal that has no result yet has taken at least until now.
            if (due != 0) {
                record.renewed(sinceDue(), asked);
            }
        }
    }

    private double sinceDue() {
        return (System.nanoTime() - due) / 1e6;
    }

    private void renewAll() throws InterruptedException {
        List<VictimLease> left = new ArrayList<>(leases);
        while (true) {
            long sent = System.nanoTime();
            List<JsonNode> results = send(left);
            Iterator<JsonNode> result = results.iterator();
            left.removeIf(lease -> isDecided(lease, sent, result.next()));
            if (left.isEmpty()) {
                return;
            }
            TimeUnit.MILLISECONDS.sleep(AGAIN_AFTER_MS);
        }
    }

    private boolean isDecided(VictimLease lease, long sent, JsonNode result) {
        int status = result.path("status").asInt();
        if (status == 200) {
            if (!lease.renewed(sent, result.get("lease"))) {
                lost(lease, "its token changed");
            }
            return true;
        }
        if (status == 410) {
            lost(lease, "410 " + result.path("problem").path("reason").asText());
            return true;
        }
        if (lease.isOver()) {
            lost(lease, "no renewal had a result before its end; the last status was " + status);
            return true;
        }
        return false;
    }

    private void lost(VictimLease lease, String how) {
        leases.remove(lease);
        record.lost(lease.stream(), how);
    }

    /** Returns the results in the order of the leases, in the form of a batch. The status is 0 without a response. */
    private List<JsonNode> send(List<VictimLease> asked) throws InterruptedException {
        List<JsonNode> results = new ArrayList<>();
        Api.Answer answer = call(asked);
        for (int i = 0; i < asked.size(); i++) {
            JsonNode one =
                    answer.status() == 200 ? answer.body().path("results").path(i) : MissingNode.getInstance();
            if (batch && !one.isMissingNode()) {
                results.add(one);
            } else {
                ObjectNode result = api.object().put("status", answer.status());
                result.set(answer.status() == 200 ? "lease" : "problem", answer.body());
                results.add(result);
            }
        }
        return results;
    }

    private Api.Answer call(List<VictimLease> asked) throws InterruptedException {
        try {
            if (!batch) {
                VictimLease lease = asked.get(0);
                return api.post(Api.path(lease.stream(), "renew"), api.object().put("leaseId", lease.leaseId()));
            }
            ObjectNode body = api.object();
            ArrayNode items = body.putArray("items");
            asked.forEach(
                    lease -> items.addObject().put("streamId", lease.stream()).put("leaseId", lease.leaseId()));
            return api.post("/v1/batch/renew", body);
        } catch (IOException e) {
            return new Api.Answer(0, MissingNode.getInstance());
        }
    }
}
