package io.streamlocks.bench;

import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.IOException;
import java.net.URI;
import java.nio.charset.StandardCharsets;
import java.util.Locale;
import java.util.UUID;
import org.apache.hc.client5.http.classic.methods.HttpGet;
import org.apache.hc.client5.http.classic.methods.HttpPost;
import org.apache.hc.client5.http.classic.methods.HttpUriRequestBase;
import org.apache.hc.client5.http.config.ConnectionConfig;
import org.apache.hc.client5.http.config.RequestConfig;
import org.apache.hc.client5.http.impl.classic.CloseableHttpClient;
import org.apache.hc.client5.http.impl.classic.HttpClients;
import org.apache.hc.client5.http.impl.io.PoolingHttpClientConnectionManagerBuilder;
import org.apache.hc.core5.http.ContentType;
import org.apache.hc.core5.http.io.entity.ByteArrayEntity;
import org.apache.hc.core5.http.io.entity.EntityUtils;
import org.apache.hc.core5.io.CloseMode;
import org.apache.hc.core5.util.Timeout;

/**
 * Sends the coordinator's single calls, as clients in other languages do: an HTTP call for each acquire and each
 * release. This class is thread-safe.
 */
final class PlainCalls implements AutoCloseable {

    /** How long an acquire waits before it is repeated. */
    private static final int WAIT_MS = 20_000;

    private static final Timeout CONNECT_TIMEOUT = Timeout.ofSeconds(5);
    private static final Timeout TIMEOUT = Timeout.ofMilliseconds(WAIT_MS + 5_000L);
    private static final ObjectMapper JSON = new ObjectMapper();

    private final String baseUri;
    private final CloseableHttpClient http;

    /** A response that is read and not yet parsed. */
    private record Answer(int status, byte[] body) {}

    PlainCalls(URI baseUri, int connections) {
        this.baseUri = baseUri.toString();
        this.http = HttpClients.custom()
                .setConnectionManager(PoolingHttpClientConnectionManagerBuilder.create()
                        .setMaxConnTotal(connections)
                        .setMaxConnPerRoute(connections)
                        .setDefaultConnectionConfig(ConnectionConfig.custom()
                                .setConnectTimeout(CONNECT_TIMEOUT)
                                .build())
                        .build())
                .setDefaultRequestConfig(RequestConfig.custom()
                        .setConnectionRequestTimeout(CONNECT_TIMEOUT)
                        .setResponseTimeout(TIMEOUT)
                        .build())
                .disableAutomaticRetries()
                .disableCookieManagement()
                .disableContentCompression()
                .build();
    }

    /** Acquires a lease once, without waiting. Returns whether it was granted. */
    boolean tryAcquire(String streamId, String ownerId, UUID leaseId) throws IOException {
        return acquire(streamId, ownerId, leaseId, "");
    }

    /** Acquires a lease. Blocks until it is granted, without a limit. */
    void acquire(String streamId, String ownerId, UUID leaseId) throws IOException {
        String waitMs = ",\"waitMs\":" + WAIT_MS;
        boolean granted = false;
        while (!granted) {
            granted = acquire(streamId, ownerId, leaseId, waitMs);
        }
    }

    private boolean acquire(String streamId, String ownerId, UUID leaseId, String more) throws IOException {
        String body = String.format(
                Locale.ROOT,
                "{\"ownerId\":\"%s\",\"leaseId\":\"%s\",\"ttlMs\":%d%s}",
                ownerId,
                leaseId,
                Locks.TTL_MS,
                more);
        Answer answer = post(streamId, "/acquire", body);
        if (answer.status() != 200 && answer.status() != 409) {
            throw unexpected("acquire", answer);
        }
        return answer.status() == 200;
    }

    void release(String streamId, UUID leaseId) throws IOException {
        Answer answer = post(streamId, "/release", "{\"leaseId\":\"" + leaseId + "\"}");
        if (answer.status() != 204) {
            throw unexpected("release", answer);
        }
    }

    /** Returns the length of a queue. */
    int waiters(String streamId) throws IOException {
        Answer answer = send(new HttpGet(baseUri + "/v1/locks/" + streamId + "/waiters"));
        if (answer.status() != 200) {
            throw unexpected("waiters", answer);
        }
        return JSON.readTree(answer.body()).path("waiters").size();
    }

    private Answer post(String streamId, String path, String body) throws IOException {
        HttpPost post = new HttpPost(baseUri + "/v1/locks/" + streamId + path);
        post.setEntity(new ByteArrayEntity(body.getBytes(StandardCharsets.US_ASCII), ContentType.APPLICATION_JSON));
        return send(post);
    }

    private Answer send(HttpUriRequestBase request) throws IOException {
        return http.execute(
                request,
                response -> new Answer(
                        response.getCode(),
                        response.getEntity() == null ? new byte[0] : EntityUtils.toByteArray(response.getEntity())));
    }

    private static IOException unexpected(String call, Answer answer) {
        return new IOException(
                call + " returned " + answer.status() + ": " + new String(answer.body(), StandardCharsets.UTF_8));
    }

    @Override
    public void close() {
        http.close(CloseMode.IMMEDIATE);
    }
}
