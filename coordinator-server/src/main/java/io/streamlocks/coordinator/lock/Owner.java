package io.streamlocks.coordinator.lock;

import java.util.Map;

/**
 * A worker that acquires or holds streams, as everybody may see it. It stays as it is for the whole lease.
 *
 * @param id the label of the worker, 1 to {@link Limits#MAX_ID_LENGTH} printable characters
 * @param labels what people shall see of the worker in addition; empty for nothing
 */
public record Owner(String id, Map<String, String> labels) {

    /** Creates an owner without labels. */
    public Owner(String id) {
        this(id, Map.of());
    }
}
