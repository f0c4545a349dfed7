import com.fasterxml.jackson.databind.JsonNode;
import java.time.Instant;

/**
 * A grant of the history.
 *
 * @param ended the time of the grant, if it has not ended
 * @param endReason empty if it has not ended
 */
record Grant(String streamId, String ownerId, Instant acquired, Instant ended, String endReason) {

    static final String HEADER = "stream,worker,acquired,ended,end reason";

    static Grant of(JsonNode json) {
        String acquired = json.get("acquiredAt").asText();
        return new Grant(
                json.get("streamId").asText(),
                json.get("ownerId").asText(),
                Instant.parse(acquired),
                Instant.parse(json.path("endedAt").asText(acquired)),
                json.path("endReason").asText());
    }
}
