import com.fasterxml.jackson.databind.JsonNode;
import java.io.IOException;
import java.net.URI;
import java.net.URLEncoder;
import java.nio.charset.StandardCharsets;
import java.time.Instant;
import java.time.temporal.ChronoUnit;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;

/** The calls to the coordinator. */
record Coordinator(URI url) {

    /** Returns the holder of each stream. The pages are not of one moment, so a stream may be in two of them. */
    Map<String, String> holders() throws IOException, InterruptedException {
        Map<String, String> holders = new HashMap<>();
        for (JsonNode lock : all("/v1/locks?prefix=s-", "locks")) {
            holders.put(lock.get("streamId").asText(), lock.get("ownerId").asText());
        }
        return holders;
    }

    /** Returns the grants after a time. */
    List<Grant> history(Instant since) throws IOException, InterruptedException {
        Instant rounded = since.truncatedTo(ChronoUnit.MILLIS);
        return all("/v1/history?prefix=s-&since=" + rounded, "grants").stream()
                .map(Grant::of)
                .filter(one -> one.acquired().isAfter(since))
                .toList();
    }

    /** Returns the members of the group, and their shares. */
    JsonNode group() throws IOException, InterruptedException {
        return Json.get(url.resolve("/v1/groups/" + Processes.GROUP));
    }

    private List<JsonNode> all(String call, String name) throws IOException, InterruptedException {
        List<JsonNode> all = new ArrayList<>();
        String token = "";
        do {
            JsonNode page = Json.get(url.resolve(call + "&pageSize=1000" + token));
            page.get(name).forEach(all::add);
            token = page.has("nextPageToken")
                    ? "&pageToken="
                            + URLEncoder.encode(page.get("nextPageToken").asText(), StandardCharsets.UTF_8)
                    : "";
        } while (!token.isEmpty());
        return all;
    }
}
