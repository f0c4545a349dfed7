package io.streamlocks.examples.worker;

import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.IOException;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.time.Duration;
import java.util.List;

/** Calls the stream API, which is the source and the sink of events. */
final class StreamApiClient {

    private static final Duration TIMEOUT = Duration.ofSeconds(5);

    private final URI base;
    private final String workerId;
    private final HttpClient http = HttpClient.newHttpClient();
    private final ObjectMapper json = new ObjectMapper();

    StreamApiClient(URI base, String workerId) {
        this.base = base;
        this.workerId = workerId;
    }

    /** Returns events that are not accepted yet, in order for each stream. */
    List<Event> events() throws IOException, InterruptedException {
        String body = send(HttpRequest.newBuilder(base.resolve("/events")).GET());
        return List.of(json.readValue(body, Event[].class));
    }

    /** Bars all earlier holders from the stream. Returns the number of the last accepted event. */
    long open(String streamId, long fencingToken) throws IOException, InterruptedException {
        return json.readTree(post(streamId, "open", fencingToken))
                .required("position")
                .longValue();
    }

    void publish(Event event, long fencingToken) throws IOException, InterruptedException {
        post(event.streamId(), "events/" + event.number(), fencingToken);
    }

    private String post(String streamId, String what, long fencingToken) throws IOException, InterruptedException {
        URI uri = base.resolve(
                "/streams/" + streamId + "/" + what + "?fencingToken=" + fencingToken + "&workerId=" + workerId);
        return send(HttpRequest.newBuilder(uri).POST(HttpRequest.BodyPublishers.noBody()));
    }

    /** Sends a request. A lost lease interrupts it, which ends a call that hangs. */
    private String send(HttpRequest.Builder request) throws IOException, InterruptedException {
        HttpResponse<String> response =
                http.send(request.timeout(TIMEOUT).build(), HttpResponse.BodyHandlers.ofString());
        if (response.statusCode() != 200) {
            throw new IOException("The stream API returned " + response.statusCode() + ": " + response.body());
        }
        return response.body();
    }
}
