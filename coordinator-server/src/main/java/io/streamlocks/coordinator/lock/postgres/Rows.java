package io.streamlocks.coordinator.lock.postgres;

import io.streamlocks.coordinator.lock.Lease;
import io.streamlocks.coordinator.lock.Lock;
import java.sql.Array;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.time.Duration;
import java.time.OffsetDateTime;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.UUID;

/** Makes leases of rows. */
final class Rows {

    private Rows() {}

    static Lease lease(ResultSet row) throws SQLException {
        return new Lease(row.getObject("lease_id", UUID.class), lock(row));
    }

    static Lock lock(ResultSet row) throws SQLException {
        return lock(
                row.getString("stream_id"),
                row.getString("owner_id"),
                row.getLong("fencing_token"),
                row.getLong("ttl_ms"),
                row.getObject("acquired_at", OffsetDateTime.class),
                row.getObject("expires_at", OffsetDateTime.class),
                labels(row),
                row.getObject("answered_at", OffsetDateTime.class));
    }

    static Lock lock(
            String streamId,
            String ownerId,
            long fencingToken,
            long ttlMs,
            OffsetDateTime acquiredAt,
            OffsetDateTime expiresAt,
            Map<String, String> labels,
            OffsetDateTime answeredAt) {
        Duration left = Duration.between(answeredAt, expiresAt);
        return new Lock(
                streamId,
                ownerId,
                fencingToken,
                Duration.ofMillis(ttlMs),
                acquiredAt.toInstant(),
                expiresAt.toInstant(),
                labels,
                left.isNegative() ? Duration.ZERO : left);
    }

    static Map<String, String> labels(ResultSet row) throws SQLException {
        Array labels = row.getArray("labels");
        return labels(labels == null ? null : (String[]) labels.getArray());
    }

    /** Labels as they are stored: name, value, name, value; null for none. */
    static Map<String, String> labels(String[] namesAndValues) {
        if (namesAndValues == null) {
            return Map.of();
        }
        Map<String, String> labels = new LinkedHashMap<>();
        for (int i = 0; i < namesAndValues.length; i += 2) {
            labels.put(namesAndValues[i], namesAndValues[i + 1]);
        }
        return Collections.unmodifiableMap(labels);
    }

    /**
     * Labels as the text form of an array: a parameter that is an array of arrays of unlike length cannot be, so the
     * statement makes the array of each request of its text.
     */
    static String arrayText(Map<String, String> labels) {
        if (labels.isEmpty()) {
            return null;
        }
        StringBuilder text = new StringBuilder("{");
        labels.forEach((name, value) -> {
            quote(text.length() == 1 ? text : text.append(','), name);
            quote(text.append(','), value);
        });
        return text.append('}').toString();
    }

    private static void quote(StringBuilder text, String element) {
        text.append('"')
                .append(element.replace("\\", "\\\\").replace("\"", "\\\""))
                .append('"');
    }
}
