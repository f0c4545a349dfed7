package io.streamlocks.proof.abuse;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.MissingNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.io.IOException;
import java.net.URI;
import java.net.URLEncoder;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.Map;
import java.util.TreeMap;

/** Sends the calls of one caller. This class is thread-safe. */
final class Api {

    /** This is a little above the 3 s within which a server responds, and below a third of a ttl of 10 s. */
    private static final Duration TIMEOUT = Duration.ofMillis(3200);

    private static final int BATCH = 1000;
    private static final int DAY_MS = 86_400_000;

    private final ObjectMapper json = new ObjectMapper();
    private final HttpClient http = HttpClient.newBuilder()
            .version(HttpClient.Version.HTTP_1_1)
            .connectTimeout(TIMEOUT)
            .build();
    private final String base;
    private final Caller caller;

    Api(int port, Caller caller) {
        this.base = "http://127.0.0.1:" + port;
        this.caller = caller;
    }

    /** A response. The body is a missing node if there is none, or if it is not JSON. */
    record Answer(int status, JsonNode body) {}

    ObjectNode object() {
        return json.createObjectNode();
    }

    /** Returns the path of a call for one stream. */
    static String path(String stream, String call) {
        return "/v1/locks/" + URLEncoder.encode(stream, StandardCharsets.UTF_8).replace("+", "%20") + "/" + call;
    }

    /** Sends a POST request. Blocks for 3.2 s at most. */
    Answer post(String path, JsonNode body) throws IOException, InterruptedException {
        return send(HttpRequest.newBuilder(URI.create(base + path))
                .header("Content-Type", "application/json")
                .POST(HttpRequest.BodyPublishers.ofByteArray(json.writeValueAsBytes(body))));
    }

    private Answer send(HttpRequest.Builder request) throws IOException, InterruptedException {
        HttpResponse<byte[]> response = http.send(
                request.timeout(TIMEOUT)
                        .header("Authorization", "Bearer " + caller.token())
                        .build(),
                HttpResponse.BodyHandlers.ofByteArray());
        return new Answer(response.statusCode(), read(response.body()));
    }

    private JsonNode read(byte[] body) {
        try {
            return body.length == 0 ? MissingNode.getInstance() : json.readTree(body);
        } catch (IOException e) {
            return MissingNode.getInstance();
        }
    }

    /** Acquires streams with this prefix, numbered from 0, for a day. */
    void acquireMany(String prefix, int count) throws IOException, InterruptedException {
        for (int first = 0; first < count; first += BATCH) {
            ObjectNode body = object();
            ArrayNode items = body.putArray("items");
            for (int i = first; i < Math.min(count, first + BATCH); i++) {
                items.addObject()
                        .put("streamId", prefix + i)
                        .put("ownerId", "rows")
                        .put("ttlMs", DAY_MS);
            }
            int status = post("/v1/batch/acquire", body).status();
            if (status != 200) {
                throw new IOException("A batch of acquires returned " + status);
            }
        }
    }

    /**
     * Returns the fencing tokens of the live leases of streams with this prefix.
     *
     * @throws IOException if the list does not return 200
     */
    Map<String, Long> fencingTokens(String prefix) throws IOException, InterruptedException {
        Map<String, Long> tokens = new TreeMap<>();
        String page = "";
        do {
            Answer answer = send(HttpRequest.newBuilder(URI.create(base + "/v1/locks?pageSize=1000&prefix="
                            + URLEncoder.encode(prefix, StandardCharsets.UTF_8).replace("+", "%20") + page))
                    .GET());
            if (answer.status() != 200) {
                throw new IOException("The list returned " + answer.status());
            }
            for (JsonNode lock : answer.body().path("locks")) {
                tokens.put(
                        lock.get("streamId").asText(), lock.get("fencingToken").asLong());
            }
            page = answer.body().has("nextPageToken")
                    ? "&pageToken=" + answer.body().get("nextPageToken").asText()
                    : "";
        } while (!page.isEmpty());
        return tokens;
    }
}
