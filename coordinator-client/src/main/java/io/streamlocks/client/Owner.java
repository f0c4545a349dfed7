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

    /**
     * Checks labels before a call with them joins others, whose request they would make invalid or too long.
     *
     * @throws IllegalArgumentException if there are too many, or one is not valid
     */
    static void requireLabels(Map<String, String> labels) {
        if (labels.size() > ContractLimits.MAX_LABELS) {
            throw new IllegalArgumentException("labels must have at most " + ContractLimits.MAX_LABELS + " entries");
        }
        labels.forEach((name, value) -> {
            if (name.isEmpty() || length(name) > ContractLimits.MAX_LABEL_NAME_LENGTH) {
                throw new IllegalArgumentException(
                        "The name of a label must have 1 to " + ContractLimits.MAX_LABEL_NAME_LENGTH + " characters");
            }
            if (length(value) > ContractLimits.MAX_LABEL_VALUE_LENGTH) {
                throw new IllegalArgumentException("The value of a label must have at most "
                        + ContractLimits.MAX_LABEL_VALUE_LENGTH + " characters");
            }
            CoordinatorApiClient.requireEncodable(name);
            CoordinatorApiClient.requireEncodable(value);
        });
    }

    private static int length(String text) {
        return text.codePointCount(0, text.length());
    }

    /** Returns an item of an acquire that names this owner and no lease yet. */
    BatchAcquireItem item() {
        // A request leaves out a field that is null.
        return new BatchAcquireItem().ownerId(id).labels(labels.isEmpty() ? null : labels);
    }
}
