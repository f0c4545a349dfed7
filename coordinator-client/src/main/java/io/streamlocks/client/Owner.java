package io.streamlocks.client;

import io.streamlocks.client.generated.model.BatchAcquireItem;
import java.util.Map;

/**
 * This process, as the coordinator shows it with each of its leases.
 *
 * @param id the label of this process
 * @param labels what else operators see; empty for nothing
 */
record Owner(String id, Map<String, String> labels) {

    /** Returns an item of an acquire that names this owner and no lease yet. */
    BatchAcquireItem item() {
        // A request leaves out a field that is null.
        return new BatchAcquireItem().ownerId(id).labels(labels.isEmpty() ? null : labels);
    }
}
