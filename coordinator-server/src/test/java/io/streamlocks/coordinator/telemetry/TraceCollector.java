package io.streamlocks.coordinator.telemetry;

import static org.awaitility.Awaitility.await;

import com.sun.net.httpserver.HttpExchange;
import com.sun.net.httpserver.HttpServer;
import io.opentelemetry.proto.collector.trace.v1.ExportTraceServiceRequest;
import io.opentelemetry.proto.common.v1.KeyValue;
import io.opentelemetry.proto.trace.v1.ResourceSpans;
import io.opentelemetry.proto.trace.v1.Span;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.URI;
import java.time.Duration;
import java.util.HexFormat;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.concurrent.CopyOnWriteArrayList;

/** Receives traces by OTLP over HTTP, like a collector. */
public final class TraceCollector implements AutoCloseable {

    private final HttpServer server;
    private final List<ResourceSpans> received = new CopyOnWriteArrayList<>();

    /** Starts a collector on a free port of the loopback interface. */
    public TraceCollector() throws IOException {
        server = HttpServer.create(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0), 0);
        server.createContext("/v1/traces", this::receive);
        server.start();
    }

    private void receive(HttpExchange exchange) throws IOException {
        received.addAll(
                ExportTraceServiceRequest.parseFrom(exchange.getRequestBody().readAllBytes())
                        .getResourceSpansList());
        exchange.getResponseHeaders().set("Content-Type", "application/x-protobuf");
        exchange.sendResponseHeaders(200, -1);
        exchange.close();
    }

    /** Returns the URL that a coordinator sends to. */
    public URI uri() {
        return URI.create("http://127.0.0.1:" + server.getAddress().getPort());
    }

    /** Returns everything that was received so far, as text. */
    public String text() {
        return received.toString();
    }

    /** Returns the attributes of the services that have sent spans. */
    public Map<String, String> resource() {
        return attributes(received.get(0).getResource().getAttributesList());
    }

    private List<Span> spans() {
        return received.stream()
                .flatMap(spans -> spans.getScopeSpansList().stream())
                .flatMap(spans -> spans.getSpansList().stream())
                .toList();
    }

    /** Waits for the span of the call with this request id, and returns it. */
    public Span ofCall(String requestId) {
        return await().atMost(Duration.ofSeconds(10))
                .until(
                        () -> spans().stream()
                                .filter(span ->
                                        requestId.equals(attributes(span).get("streamlocks.request_id")))
                                .findFirst()
                                .orElse(null),
                        span -> span != null);
    }

    /** Waits until a span has exactly this many children, and returns them. */
    public List<Span> childrenOf(Span parent, int count) {
        return await().atMost(Duration.ofSeconds(10))
                .until(
                        () -> spans().stream()
                                .filter(span -> span.getParentSpanId().equals(parent.getSpanId()))
                                .toList(),
                        children -> children.size() == count);
    }

    /** Returns an id in the form of headers. */
    public static String hex(com.google.protobuf.ByteString id) {
        return HexFormat.of().formatHex(id.toByteArray());
    }

    /** Returns all attributes of a span as text. */
    public static Map<String, String> attributes(Span span) {
        return attributes(span.getAttributesList());
    }

    private static Map<String, String> attributes(List<KeyValue> list) {
        Map<String, String> attributes = new TreeMap<>();
        for (KeyValue attribute : list) {
            attributes.put(
                    attribute.getKey(),
                    attribute.getValue().hasIntValue()
                            ? Long.toString(attribute.getValue().getIntValue())
                            : attribute.getValue().getStringValue());
        }
        return attributes;
    }

    @Override
    public void close() {
        server.stop(0);
    }
}
