package io.streamlocks.coordinator.http;

import io.streamlocks.coordinator.lock.Limits;
import java.util.LinkedHashMap;

/** The bodies of requests as they were sent. Any field may be missing or out of range. */
final class Requests {

    record Acquire(String ownerId, String leaseId, Long ttlMs, Labels labels) {}

    record Renew(String leaseId, Long ttlMs) {}

    record Release(String leaseId) {}

    record AcquireItem(String streamId, String ownerId, String leaseId, Long ttlMs, Labels labels) {}

    record RenewItem(String streamId, String leaseId, Long ttlMs) {}

    record ReleaseItem(String streamId, String leaseId) {}

    record Break(String reason, Long expectedFencingToken, Long delayMs) {}

    record BreakOwner(String reason, Long delayMs) {}

    /** The labels of a lease as they were sent. Reading ends at the first one above the limit. */
    static final class Labels extends LinkedHashMap<String, String> {

        private static final long serialVersionUID = 1L;

        /** Signals a label above the limit. */
        static final class TooManyException extends RuntimeException {
            private static final long serialVersionUID = 1L;

            TooManyException() {
                super("Over " + Limits.MAX_LABELS + " labels", null, false, false);
            }
        }

        @Override
        public String put(String name, String value) {
            if (size() == Limits.MAX_LABELS) {
                throw new TooManyException();
            }
            return super.put(name, value);
        }
    }

    private Requests() {}
}
