package io.streamlocks.coordinator.http;

import java.util.LinkedHashMap;

/** The bodies of requests, as they come: any field may be missing or out of range. */
final class Requests {

    record Acquire(String ownerId, String leaseId, Long ttlMs, Labels labels) {}

    record Renew(String leaseId, Long ttlMs) {}

    record Release(String leaseId) {}

    record AcquireItem(String streamId, String ownerId, String leaseId, Long ttlMs, Labels labels) {}

    record RenewItem(String streamId, String leaseId, Long ttlMs) {}

    record ReleaseItem(String streamId, String leaseId) {}

    record Break(String reason, Long expectedFencingToken, Long delayMs) {}

    record BreakOwner(String reason, Long delayMs) {}

    /** The labels of a lease as they come. Reading ends at the first one too many, whatever else the body holds. */
    static final class Labels extends LinkedHashMap<String, String> {

        static final int MAX_ENTRIES = 16;

        private static final long serialVersionUID = 1L;

        /** There is one too many. */
        static final class TooManyException extends RuntimeException {
            private static final long serialVersionUID = 1L;

            TooManyException() {
                super("Over " + MAX_ENTRIES + " labels", null, false, false);
            }
        }

        @Override
        public String put(String name, String value) {
            if (size() == MAX_ENTRIES) {
                throw new TooManyException();
            }
            return super.put(name, value);
        }
    }

    private Requests() {}
}
