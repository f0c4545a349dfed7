package io.streamlocks.coordinator.http;

import com.fasterxml.jackson.databind.JsonNode;
import java.util.List;

/** The bodies of requests, as they come: any field may be missing or out of range. */
final class Requests {

    record Acquire(String ownerId, String leaseId, Long ttlMs) {}

    record Renew(String leaseId, Long ttlMs) {}

    record Release(String leaseId) {}

    /** The items stay unread, so that one that is wrong does not fail its neighbours. */
    record Batch(List<JsonNode> items) {}

    record AcquireItem(String streamId, String ownerId, String leaseId, Long ttlMs) {}

    record RenewItem(String streamId, String leaseId, Long ttlMs) {}

    record ReleaseItem(String streamId, String leaseId) {}

    private Requests() {}
}
