package io.streamlocks.coordinator;

import java.io.IOException;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpRequest.BodyPublishers;
import java.net.http.HttpResponse;
import java.net.http.HttpResponse.BodyHandlers;
import java.time.Duration;
import java.util.Locale;
import java.util.UUID;
import java.util.concurrent.CompletableFuture;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/** Calls a coordinator, each on the HTTP version that curl uses. */
final class HttpCalls {

    /** Above all that a server may take, so that a call that hangs shows as such. */
    private static final Duration TIMEOUT = Duration.ofSeconds(20);

    private static final Pattern FENCING_TOKEN = Pattern.compile("\"fencingToken\":(\\d+)");

    private final HttpClient client =
            HttpClient.newBuilder().version(HttpClient.Version.HTTP_1_1).build();
    private final String url;

    HttpCalls(String url) {
        this.url = url;
    }

    /** Returns calls to the main port of a coordinator. */
    static HttpCalls to(Coordinator coordinator) {
        return new HttpCalls("http://127.0.0.1:" + coordinator.port());
    }

    HttpResponse<String> get(String path) throws IOException, InterruptedException {
        return client.send(request(path).GET().build(), BodyHandlers.ofString());
    }

    HttpResponse<String> acquire(String streamId, UUID leaseId) throws IOException, InterruptedException {
        return client.send(acquireRequest(streamId, leaseId), BodyHandlers.ofString());
    }

    HttpResponse<String> renew(String streamId, UUID leaseId) throws IOException, InterruptedException {
        return client.send(renewRequest(streamId, leaseId), BodyHandlers.ofString());
    }

    HttpResponse<String> release(String streamId, UUID leaseId) throws IOException, InterruptedException {
        return client.send(
                postRequest(
                        "/v1/locks/" + streamId + "/release",
                        String.format(Locale.ROOT, "{\"leaseId\":\"%s\"}", leaseId)),
                BodyHandlers.ofString());
    }

    CompletableFuture<HttpResponse<String>> renewAsync(String streamId, UUID leaseId) {
        return client.sendAsync(renewRequest(streamId, leaseId), BodyHandlers.ofString());
    }

    HttpResponse<String> post(String path, String body) throws IOException, InterruptedException {
        return client.send(postRequest(path, body), BodyHandlers.ofString());
    }

    CompletableFuture<HttpResponse<String>> postAsync(String path, String body) {
        return client.sendAsync(postRequest(path, body), BodyHandlers.ofString());
    }

    /** The token of the lease that was answered; anything but a lease fails. */
    static long fencingToken(HttpResponse<String> response) {
        Matcher token = FENCING_TOKEN.matcher(response.body());
        if (response.statusCode() != 200 || !token.find()) {
            throw new AssertionError("not a lease: " + response.statusCode() + " " + response.body());
        }
        return Long.parseLong(token.group(1));
    }

    private HttpRequest acquireRequest(String streamId, UUID leaseId) {
        return postRequest(
                "/v1/locks/" + streamId + "/acquire",
                String.format(Locale.ROOT, "{\"ownerId\":\"tester\",\"leaseId\":\"%s\",\"ttlMs\":600000}", leaseId));
    }

    private HttpRequest renewRequest(String streamId, UUID leaseId) {
        return postRequest(
                "/v1/locks/" + streamId + "/renew", String.format(Locale.ROOT, "{\"leaseId\":\"%s\"}", leaseId));
    }

    private HttpRequest postRequest(String path, String body) {
        return request(path)
                .header("Content-Type", "application/json")
                .POST(BodyPublishers.ofString(body))
                .build();
    }

    private HttpRequest.Builder request(String path) {
        return HttpRequest.newBuilder(URI.create(url + path)).timeout(TIMEOUT);
    }
}
