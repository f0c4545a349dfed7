package io.streamlocks.examples.api;

import com.sun.net.httpserver.HttpExchange;
import com.sun.net.httpserver.HttpServer;
import java.io.IOException;
import java.net.InetSocketAddress;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.Collections;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.ThreadLocalRandom;
import java.util.concurrent.TimeUnit;
import java.util.stream.Collectors;

/**
 * A source of events and a sink for processed events, over HTTP:
 *
 * <ul>
 *   <li>{@code GET /events} returns events to process, in order for each stream: {@code [{"streamId":"s-7","number":3}]}.
 *       It returns an event until the sink has accepted it, so none is lost with a worker.
 *   <li>{@code POST /streams/{streamId}/open?fencingToken=&workerId=} raises the fence of a stream and returns
 *       {@code {"position":2}}, the number of the last accepted event.
 *   <li>{@code POST /streams/{streamId}/events/{number}?fencingToken=&workerId=} publishes a processed event.
 * </ul>
 *
 * <p>Both POST requests return 409 for a token that is lower than the highest token of the stream.
 */
public final class StreamApi implements AutoCloseable {

    private static final int EVENTS_A_STREAM = 10;

    /**
     * How the source returns events.
     *
     * @param page the most streams in a response
     * @param burst how many events of a stream come together. With some, streams become idle and active in turns
     * @param repeat for how long the last accepted event of a stream is returned again, as by a source that learns late
     *     what was accepted. Streams with few events are then always seen
     */
    public record Delivery(int page, int burst, Duration repeat) {

        /** What the programs of this repository use by default. */
        public static final Delivery DEFAULT = new Delivery(100, 8, Duration.ZERO);
    }

    private final Map<String, StreamLog> streams = new LinkedHashMap<>();
    private final Delivery delivery;
    private final int events;
    private final Duration span;
    private final HttpServer server;
    private final ExecutorService requests = Executors.newCachedThreadPool();
    private final long startNanos = System.nanoTime();

    // All of these are guarded by this.
    private int appended;

    /**
     * Starts to listen on the loopback interface.
     *
     * @param port the port; 0 for any free port
     * @param streams the number of streams
     * @param events the number of events in all streams together
     * @param span the time over which the events appear
     * @param fenced whether the sink refuses stale tokens
     */
    public StreamApi(int port, int streams, int events, Duration span, boolean fenced) throws IOException {
        this(port, streams, events, span, fenced, Delivery.DEFAULT);
    }

    private StreamApi(int port, int streams, int events, Duration span, boolean fenced, Delivery delivery)
            throws IOException {
        for (int i = 1; i <= streams; i++) {
            this.streams.put("s-" + i, new StreamLog(fenced, delivery.repeat()));
        }
        this.delivery = delivery;
        this.events = events;
        this.span = span;
        server = HttpServer.create(new InetSocketAddress("127.0.0.1", port), 0);
        server.setExecutor(requests);
        server.createContext("/", this::handle);
        server.start();
    }

    /** Returns the port. */
    public int port() {
        return server.getAddress().getPort();
    }

    /** Returns the streams by id. */
    public Map<String, StreamLog> streams() {
        return Collections.unmodifiableMap(streams);
    }

    /** Returns the number of accepted events. Each counts once. */
    public long accepted() {
        return streams.values().stream().mapToLong(StreamLog::position).sum();
    }

    @Override
    public void close() {
        server.stop(0);
        requests.shutdownNow();
    }

    private void handle(HttpExchange exchange) throws IOException {
        try (exchange) {
            exchange.getRequestBody().readAllBytes();
            String[] path = exchange.getRequestURI().getPath().split("/");
            try {
                String call = exchange.getRequestMethod() + " " + (path.length < 2 ? "" : path[1]);
                if (call.equals("GET events")) {
                    answer(exchange, 200, pending());
                } else if (call.equals("POST streams") && path.length == 4 && path[3].equals("open")) {
                    Map<String, String> query = query(exchange);
                    long position = stream(path[2]).open(token(query), worker(query));
                    answer(
                            exchange,
                            position < 0 ? 409 : 200,
                            position < 0 ? STALE : "{\"position\":" + position + "}");
                } else if (call.equals("POST streams") && path.length == 5 && path[3].equals("events")) {
                    Map<String, String> query = query(exchange);
                    boolean accepted = stream(path[2]).publish(Long.parseLong(path[4]), token(query), worker(query));
                    answer(exchange, accepted ? 200 : 409, accepted ? "{}" : STALE);
                } else {
                    answer(exchange, 404, "{}");
                }
            } catch (IllegalArgumentException e) {
                answer(
                        exchange,
                        400,
                        "{\"error\":\"" + String.valueOf(e.getMessage()).replaceAll("[\"\\\\]", "'") + "\"}");
            }
        }
    }

    private static final String STALE = "{\"error\":\"the fencing token is stale\"}";

    private String pending() {
        append();
        List<String> ids = List.copyOf(streams.keySet());
        // Each call begins at another stream. Otherwise all workers would get the first streams, and none the others.
        int from = ThreadLocalRandom.current().nextInt(ids.size());
        StringBuilder json = new StringBuilder("[");
        int found = 0;
        for (int i = 0; i < ids.size() && found < delivery.page(); i++) {
            String id = ids.get((from + i) % ids.size());
            List<Long> numbers = stream(id).pending(EVENTS_A_STREAM);
            found += numbers.isEmpty() ? 0 : 1;
            for (long number : numbers) {
                json.append(json.length() == 1 ? "" : ",")
                        .append("{\"streamId\":\"" + id + "\",\"number\":" + number + "}");
            }
        }
        return json.append("]").toString();
    }

    private synchronized void append() {
        double passed = (double) (System.nanoTime() - startNanos) / span.toNanos();
        List<StreamLog> logs = List.copyOf(streams.values());
        for (; appended < events && appended < passed * events; appended++) {
            logs.get(appended / delivery.burst() % logs.size()).append();
        }
    }

    private StreamLog stream(String id) {
        StreamLog stream = streams.get(id);
        if (stream == null) {
            throw new IllegalArgumentException("Unknown stream " + id);
        }
        return stream;
    }

    private static long token(Map<String, String> query) {
        return Long.parseLong(query.getOrDefault("fencingToken", ""));
    }

    private static String worker(Map<String, String> query) {
        String worker = query.get("workerId");
        if (worker == null) {
            throw new IllegalArgumentException("workerId is missing");
        }
        return worker;
    }

    private static Map<String, String> query(HttpExchange exchange) {
        Map<String, String> query = new HashMap<>();
        String raw = exchange.getRequestURI().getQuery();
        for (String pair : raw == null ? new String[0] : raw.split("&")) {
            String[] both = pair.split("=", 2);
            query.put(both[0], both.length == 2 ? both[1] : "");
        }
        return query;
    }

    private static void answer(HttpExchange exchange, int status, String json) throws IOException {
        byte[] body = json.getBytes(StandardCharsets.UTF_8);
        exchange.getResponseHeaders().set("Content-Type", "application/json");
        exchange.sendResponseHeaders(status, body.length);
        exchange.getResponseBody().write(body);
    }

    /**
     * Serves until SIGTERM. The settings are the variables PORT (8090), STREAMS (50), EVENTS (1000), RUN_SECONDS (60),
     * FENCE (on), PAGE (100), BURST (8) and REPEAT_MS (0). Prints the progress every second.
     *
     * @param args no arguments
     */
    public static void main(String[] args) throws IOException, InterruptedException {
        // By default, the server closes idle connections beyond 200. Workers that publish in bursts need more of them.
        System.setProperty("sun.net.httpserver.maxIdleConnections", "20000");
        System.setProperty("sun.net.httpserver.idleInterval", "3600");
        Map<String, String> settings = System.getenv();
        int events = number(settings, "EVENTS", 1000);
        Delivery delivery = new Delivery(
                number(settings, "PAGE", Delivery.DEFAULT.page()),
                number(settings, "BURST", Delivery.DEFAULT.burst()),
                Duration.ofMillis(number(settings, "REPEAT_MS", 0)));
        try (StreamApi api = new StreamApi(
                number(settings, "PORT", 8090),
                number(settings, "STREAMS", 50),
                events,
                Duration.ofSeconds(number(settings, "RUN_SECONDS", 60)),
                !settings.getOrDefault("FENCE", "on").equals("off"),
                delivery)) {
            System.out.println("The stream API is ready at http://127.0.0.1:" + api.port());
            while (true) {
                TimeUnit.SECONDS.sleep(1);
                System.out.println("accepted " + api.accepted() + " of " + events + " events, by worker "
                        + api.streams().values().stream()
                                .flatMap(stream -> stream.entries().stream())
                                .filter(entry -> entry.number() > 0)
                                .collect(Collectors.groupingBy(StreamLog.Entry::workerId, Collectors.counting())));
            }
        }
    }

    private static int number(Map<String, String> settings, String name, int fallback) {
        String value = settings.get(name);
        return value == null ? fallback : Integer.parseInt(value);
    }
}
