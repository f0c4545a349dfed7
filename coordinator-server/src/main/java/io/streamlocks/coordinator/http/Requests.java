package io.streamlocks.coordinator.http;

import java.util.Map;

/** The bodies of requests, as they come: any field may be missing or out of range. */
final class Requests {

    record Acquire(String ownerId, String leaseId, Long ttlMs, Map<String, String> labels) {}

    record Renew(String leaseId, Long ttlMs) {}

    record Release(String leaseId) {}

    record AcquireItem(String streamId, String ownerId, String leaseId, Long ttlMs, Map<String, String> labels) {}

    record RenewItem(String streamId, String leaseId, Long ttlMs) {}

    record ReleaseItem(String streamId, String leaseId) {}

    record Break(String reason, Long expectedFencingToken, Long delayMs) {}

    record BreakOwner(String reason, Long delayMs) {}

    private Requests() {}
}
