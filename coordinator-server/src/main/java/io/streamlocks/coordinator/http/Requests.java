package io.streamlocks.coordinator.http;

import io.streamlocks.coordinator.lock.Limits;
import java.util.LinkedHashMap;
import org.jspecify.annotations.Nullable;

/** The bodies of requests as they were sent. Any field may be missing, and is then null, or out of range. */
final class Requests {

    record Acquire(
            @Nullable String ownerId,
            @Nullable String leaseId,
            @Nullable Long ttlMs,
            @Nullable Labels labels) {}

    record Renew(@Nullable String leaseId, @Nullable Long ttlMs) {}

    record Release(@Nullable String leaseId) {}

    record AcquireItem(
            @Nullable String streamId,
            @Nullable String ownerId,
            @Nullable String leaseId,
            @Nullable Long ttlMs,
            @Nullable Labels labels) {}

    record RenewItem(
            @Nullable String streamId,
            @Nullable String leaseId,
            @Nullable Long ttlMs) {}

    record ReleaseItem(@Nullable String streamId, @Nullable String leaseId) {}

    record Break(
            @Nullable String reason,
            @Nullable Long expectedFencingToken,
            @Nullable Long delayMs) {}

    record BreakOwner(@Nullable String reason, @Nullable Long delayMs) {}

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
