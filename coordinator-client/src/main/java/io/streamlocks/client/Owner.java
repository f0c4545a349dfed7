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

    /** Returns the most bytes that this owner takes in a request. A UTF-16 unit takes at most three. */
    int bytes() {
        int units = id.length();
        for (Map.Entry<String, String> label : labels.entrySet()) {
            units += label.getKey().length() + label.getValue().length();
        }
        return 100 + 10 * labels.size() + 3 * units;
    }

    /** Returns an item of an acquire that names this owner and no lease yet. */
    BatchAcquireItem item() {
        // A request leaves out a field that is null.
        return new BatchAcquireItem().ownerId(id).labels(labels.isEmpty() ? null : labels);
    }
}
