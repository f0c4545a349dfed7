package io.streamlocks.proof.worker;

import io.streamlocks.proof.history.Answer;
import io.streamlocks.proof.history.Call;
import io.streamlocks.proof.history.JsonLines;
import java.io.IOException;
import java.net.URI;
import java.time.Duration;
import java.util.List;
import org.apache.hc.client5.http.classic.methods.HttpGet;
import org.apache.hc.client5.http.classic.methods.HttpPost;
import org.apache.hc.client5.http.classic.methods.HttpUriRequestBase;
import org.apache.hc.client5.http.config.ConnectionConfig;
import org.apache.hc.client5.http.config.RequestConfig;
import org.apache.hc.client5.http.impl.classic.CloseableHttpClient;
import org.apache.hc.client5.http.impl.classic.HttpClients;
import org.apache.hc.client5.http.impl.io.PoolingHttpClientConnectionManagerBuilder;
import org.apache.hc.core5.http.ContentType;
import org.apache.hc.core5.http.Header;
import org.apache.hc.core5.http.io.entity.ByteArrayEntity;
import org.apache.hc.core5.http.io.entity.EntityUtils;
import org.apache.hc.core5.util.Timeout;
import org.jspecify.annotations.Nullable;

/**
 * Sends calls to coordinators. Records each call before it is sent and when its response comes. This class is
 * thread-safe.
 */
final class Coordinators implements AutoCloseable {

    private static final int CONNECTIONS = 64;

    record Reply(
            int status,
            byte[] body,
            @Nullable String contentType,
            @Nullable String retryAfter) {}

    /**
     * The outcome of a request.
     *
     * @param calls the calls with their results
     * @param reply the response; null if there was none
     */
    record Outcome(List<Call> calls, @Nullable Reply reply) {}

    private final List<URI> coordinators;
    private final WireCalls wire;
    private final JsonLines history;
    private final Duration timeout;
    private final CloseableHttpClient http;

    Coordinators(List<URI> coordinators, Duration ttl, WireCalls wire, JsonLines history) {
        this.coordinators = coordinators;
        this.wire = wire;
        this.history = history;
        // This is longer than the client waits, so that a late response is recorded as well.
        timeout = ttl.plusSeconds(2);
        http = HttpClients.custom()
                .setConnectionManager(PoolingHttpClientConnectionManagerBuilder.create()
                        .setMaxConnTotal(CONNECTIONS * coordinators.size())
                        .setMaxConnPerRoute(CONNECTIONS)
                        .setDefaultConnectionConfig(ConnectionConfig.custom()
                                .setConnectTimeout(Timeout.ofSeconds(1))
                                .setIdleTimeout(Timeout.ofSeconds(20))
                                .build())
                        .build())
                .disableAutomaticRetries()
                .disableRedirectHandling()
                .disableCookieManagement()
                .disableContentCompression()
                .build();
    }

    int count() {
        return coordinators.size();
    }

    /**
     * Sends the calls of one request to the coordinator that they name. Blocks until there is a response, for the ttl
     * and 2 s at most, in addition to the time for which the calls wait.
     *
     * @param calls the calls, which are about to be sent
     * @param path the path of the request
     * @param body the body of a POST; null for a GET
     * @throws IOException if the history cannot be written
     */
    Outcome send(List<Call> calls, String path, byte @Nullable [] body) throws IOException {
        history.append(calls);
        Reply reply = null;
        List<Call> answered;
        try {
            reply = send(
                    coordinators.get(calls.get(0).via() - 1).resolve(path),
                    body,
                    calls.get(0).waitMs());
            answered = wire.answered(calls, path, reply.status(), reply.body());
        } catch (IOException e) {
            answered = calls.stream()
                    .map(call -> call.answered(Answer.UNKNOWN, e.getClass().getSimpleName(), 0))
                    .toList();
        }
        history.append(answered);
        return new Outcome(answered, reply);
    }

    private Reply send(URI uri, byte @Nullable [] body, long waitMs) throws IOException {
        HttpUriRequestBase request = body == null ? new HttpGet(uri) : new HttpPost(uri);
        request.setConfig(RequestConfig.custom()
                .setResponseTimeout(Timeout.of(timeout.plusMillis(waitMs)))
                .build());
        if (body != null) {
            request.setEntity(new ByteArrayEntity(body, ContentType.APPLICATION_JSON));
        }
        return http.execute(request, response -> {
            byte[] answer = response.getEntity() == null ? new byte[0] : EntityUtils.toByteArray(response.getEntity());
            return new Reply(
                    response.getCode(),
                    answer,
                    value(response.getFirstHeader("Content-Type")),
                    value(response.getFirstHeader("Retry-After")));
        });
    }

    private static @Nullable String value(@Nullable Header header) {
        return header == null ? null : header.getValue();
    }

    @Override
    public void close() throws IOException {
        http.close();
    }
}
