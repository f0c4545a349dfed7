package io.streamlocks.coordinator.http;

/** The bodies of requests, as they come: any field may be missing or out of range. */
final class Requests {

    record Acquire(String ownerId, String leaseId, Long ttlMs) {}

    record Renew(String leaseId, Long ttlMs) {}

    record Release(String leaseId) {}

    record AcquireItem(String streamId, String ownerId, String leaseId, Long ttlMs) {}

    record RenewItem(String streamId, String leaseId, Long ttlMs) {}

    record ReleaseItem(String streamId, String leaseId) {}

    private Requests() {}
}
