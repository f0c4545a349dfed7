package io.streamlocks.proof.tokens;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import io.streamlocks.examples.api.StreamApi;
import io.streamlocks.examples.api.StreamLog;
import io.streamlocks.proof.process.CoordinatorNode;
import java.io.IOException;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Random;
import java.util.Set;
import java.util.UUID;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;

/**
 * Acquires streams at a coordinator, opens them at a fenced resource with the tokens, and releases most of them. Each
 * grant has another owner, so that the resource shows which tokens were issued twice. It is not thread-safe.
 */
final class Grants implements AutoCloseable {

    static final int STREAMS = 40;

    private static final ObjectMapper JSON = new ObjectMapper();
    private static final Duration RESPONSE = Duration.ofSeconds(10);

    /** A fail-over takes a second or two. */
    private static final Duration SERVED_WITHIN = Duration.ofSeconds(60);

    private static final int TTL_MS = 2000;

    private final CoordinatorNode coordinator;
    private final StreamApi resource;
    private final Random random;
    private final HttpClient http = HttpClient.newBuilder()
            .version(HttpClient.Version.HTTP_1_1)
            .connectTimeout(RESPONSE)
            .build();
    private final Map<String, Long> highest = new HashMap<>();
    private final List<String> fallen = new ArrayList<>();
    private int count;
    private long lost;

    Grants(CoordinatorNode coordinator, Random random) throws IOException {
        this.coordinator = coordinator;
        this.random = random;
        this.resource = new StreamApi(0, STREAMS, 0, Duration.ofSeconds(1), true);
    }

    /** Grants streams by chance. Blocks until the coordinator has answered each call, for a minute per call at most. */
    void some(int most) throws IOException, InterruptedException {
        int calls = 1 + random.nextInt(most);
        for (int i = 0; i < calls; i++) {
            grant("s-" + (1 + random.nextInt(STREAMS)));
        }
    }

    /** Grants each stream that is free. Blocks as {@link #some} does. */
    void each() throws IOException, InterruptedException {
        for (int i = 1; i <= STREAMS; i++) {
            grant("s-" + i);
        }
    }

    private void grant(String stream) throws IOException, InterruptedException {
        String lease = UUID.randomUUID().toString();
        String owner = "owner-" + ++count;
        String body = String.format(
                Locale.ROOT, "{\"ownerId\":\"%s\",\"leaseId\":\"%s\",\"ttlMs\":%d}", owner, lease, TTL_MS);
        HttpResponse<String> response = served(stream + "/acquire", body);
        if (response.statusCode() == 409) {
            // A lease that was not released is alive.
            return;
        }
        long token = token(response);
        long before = highest.getOrDefault(stream, 0L);
        if (!opens(stream, token, owner)) {
            fallen.add(stream + " got token " + token + " after " + before);
        }
        highest.merge(stream, token, Math::max);
        if (random.nextInt(10) > 0) {
            served(stream + "/release", String.format(Locale.ROOT, "{\"leaseId\":\"%s\"}", lease));
        }
    }

    private static long token(HttpResponse<String> response) throws IOException {
        JsonNode token = JSON.readTree(response.body()).get("fencingToken");
        if (response.statusCode() != 200 || token == null) {
            throw new IOException("An acquire returned " + response.statusCode() + ": " + response.body());
        }
        return token.asLong();
    }

    private boolean opens(String stream, long token, String owner) throws IOException, InterruptedException {
        URI uri = URI.create("http://127.0.0.1:" + resource.port() + "/streams/" + stream + "/open?fencingToken="
                + token + "&workerId=" + owner);
        return post(uri, "").statusCode() == 200;
    }

    /** Sends a call until the coordinator does what it says or refuses it. The same lease id makes that one change. */
    private HttpResponse<String> served(String path, String body) throws IOException, InterruptedException {
        URI uri = URI.create("http://127.0.0.1:" + coordinator.port() + "/v1/locks/" + path);
        long began = System.nanoTime();
        while (true) {
            HttpResponse<String> response = answer(uri, body);
            if (response != null && response.statusCode() < 500) {
                return response;
            }
            if (System.nanoTime() - began > SERVED_WITHIN.toNanos()) {
                throw new IOException(uri + " fails: " + (response == null ? "no response" : response.body()));
            }
            TimeUnit.MILLISECONDS.sleep(20);
        }
    }

    private @Nullable HttpResponse<String> answer(URI uri, String body) throws InterruptedException {
        try {
            return post(uri, body);
        } catch (IOException e) {
            return null;
        }
    }

    private HttpResponse<String> post(URI uri, String body) throws IOException, InterruptedException {
        HttpRequest request = HttpRequest.newBuilder(uri)
                .timeout(RESPONSE)
                .header("Content-Type", "application/json")
                .POST(HttpRequest.BodyPublishers.ofString(body))
                .build();
        return http.send(request, HttpResponse.BodyHandlers.ofString());
    }

    /** Returns how many tokens the resource has seen. */
    int count() {
        return resource.streams().values().stream()
                .mapToInt(log -> log.entries().size())
                .sum();
    }

    /** Counts the streams that have a lower token in the database than at the resource. Their grants were lost. */
    void compare(Map<String, Long> tokensOfDatabase) {
        lost += highest.entrySet().stream()
                .filter(one -> tokensOfDatabase.getOrDefault(one.getKey(), 0L) < one.getValue())
                .count();
    }

    /** Returns how often {@link #compare} has found a lost grant. */
    long lost() {
        return lost;
    }

    /** Returns the tokens that fell, which the resource refused, and those that it saw twice. */
    List<String> violations() {
        List<String> violations = new ArrayList<>(fallen);
        resource.streams().forEach((stream, log) -> {
            Set<Long> seen = new HashSet<>();
            for (StreamLog.Entry entry : log.entries()) {
                if (!seen.add(entry.fencingToken())) {
                    violations.add(stream + " got token " + entry.fencingToken() + " twice");
                }
            }
        });
        return violations;
    }

    @Override
    public void close() {
        resource.close();
    }
}
