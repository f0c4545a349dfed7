package io.streamlocks.proof.faults;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import io.streamlocks.proof.history.Grant;
import io.streamlocks.proof.history.JsonLines;
import io.streamlocks.proof.process.CoordinatorNode;
import java.io.IOException;
import java.nio.file.Path;
import java.time.Instant;
import java.time.temporal.ChronoUnit;
import java.util.ArrayList;
import java.util.List;

/** Saves the history of grants that a coordinator returns. */
public final class ServiceHistory {

    private static final ObjectMapper JSON = new ObjectMapper();

    private ServiceHistory() {}

    /** Reads all grants of streams with a prefix, page by page, and writes them to a file. */
    public static void save(CoordinatorNode coordinator, String streamPrefix, Path file)
            throws IOException, InterruptedException {
        try (JsonLines lines = new JsonLines(file)) {
            String next = "";
            do {
                JsonNode page =
                        JSON.readTree(coordinator.get("/v1/history?pageSize=1000&prefix=" + streamPrefix + next));
                List<Grant> grants = new ArrayList<>();
                page.get("grants").forEach(grant -> grants.add(grant(grant, streamPrefix)));
                lines.append(grants);
                next = page.has("nextPageToken")
                        ? "&pageToken=" + page.get("nextPageToken").asText()
                        : "";
            } while (!next.isEmpty());
        }
    }

    private static Grant grant(JsonNode grant, String streamPrefix) {
        return new Grant(
                grant.get("streamId").asText().substring(streamPrefix.length()),
                grant.get("ownerId").asText(),
                grant.get("fencingToken").asLong(),
                micros(grant.path("acquiredAt").asText()),
                grant.has("endedAt") ? micros(grant.get("endedAt").asText()) : 0,
                grant.path("endReason").asText(null),
                grant.path("endedBy").asText(null));
    }

    private static long micros(String time) {
        return ChronoUnit.MICROS.between(Instant.EPOCH, Instant.parse(time));
    }
}
