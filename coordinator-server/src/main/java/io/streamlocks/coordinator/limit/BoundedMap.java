package io.streamlocks.coordinator.limit;

import java.util.LinkedHashMap;
import java.util.Map;

/** A map that removes its first entry when it has too many. This class is not thread-safe. */
final class BoundedMap<K, V> extends LinkedHashMap<K, V> {

    private static final long serialVersionUID = 1L;

    private final int max;

    private BoundedMap(int max, boolean byLastAccess) {
        super(16, 0.75f, byLastAccess);
        this.max = max;
    }

    /** Returns a map that removes the entry whose key was added longest ago. */
    static <K, V> Map<K, V> byInsertion(int max) {
        return new BoundedMap<>(max, false);
    }

    /** Returns a map that removes the entry that was read or written longest ago. */
    static <K, V> Map<K, V> byLastAccess(int max) {
        return new BoundedMap<>(max, true);
    }

    @Override
    protected boolean removeEldestEntry(Map.Entry<K, V> eldest) {
        return size() > max;
    }
}
