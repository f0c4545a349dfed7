package io.streamlocks.coordinator.lock.postgres;

import java.sql.Array;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/** Labels as a column: an array of name, value, name, value; null for none. */
final class Labels {

    private Labels() {}

    static Map<String, String> of(ResultSet row) throws SQLException {
        Array labels = row.getArray("labels");
        return labels == null ? Map.of() : of((String[]) labels.getArray());
    }

    static Map<String, String> of(String @Nullable [] namesAndValues) {
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
     * Returns the text form of the array; null for no labels. A parameter cannot be an array of arrays of different
     * lengths, so a statement gets the array of each request as text and casts it.
     */
    static @Nullable String arrayText(Map<String, String> labels) {
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
