package io.streamlocks.bench;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.IOException;
import java.net.URI;
import java.nio.charset.StandardCharsets;
import java.util.Map;
import java.util.TreeMap;
import org.apache.hc.client5.http.classic.methods.HttpPost;
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

/** Sends the coordinator's batch calls with as little work in this process as possible. This class is thread-safe. */
final class BatchCalls implements AutoCloseable {

    private static final Timeout TIMEOUT = Timeout.ofSeconds(5);
    private static final byte[] STATUS = "\"status\":".getBytes(StandardCharsets.US_ASCII);
    private static final ObjectMapper JSON = new ObjectMapper();

    private final String baseUri;
    private final CloseableHttpClient http;

    /** A response that is read and not yet parsed. */
    private record Answer(int status, byte[] body) {}

    BatchCalls(URI baseUri, int connections) {
        this.baseUri = baseUri.toString();
        this.http = HttpClients.custom()
                .setConnectionManager(PoolingHttpClientConnectionManagerBuilder.create()
                        .setMaxConnTotal(connections)
                        .setMaxConnPerRoute(connections)
                        .setDefaultConnectionConfig(ConnectionConfig.custom()
                                .setConnectTimeout(TIMEOUT)
                                .build())
                        .build())
                .setDefaultRequestConfig(RequestConfig.custom()
                        .setConnectionRequestTimeout(TIMEOUT)
                        .setResponseTimeout(TIMEOUT)
                        .build())
                .disableAutomaticRetries()
                .disableCookieManagement()
                .disableContentCompression()
                .build();
    }

    /**
     * Acquires, renews or releases a batch.
     *
     * @param call the call
     * @return the number of items with an unexpected status, by status; empty if there is none
     * @throws IOException if there is no response, or its status is not 200
     */
    Map<Integer, Integer> refused(Call call, LeaseBatch batch) throws IOException {
        HttpPost post = new HttpPost(baseUri + call.path);
        byte[] body = call == Call.ACQUIRE ? batch.acquireBody() : batch.body();
        post.setEntity(new ByteArrayEntity(body, ContentType.APPLICATION_JSON));
        Answer answer = http.execute(
                post, response -> new Answer(response.getCode(), EntityUtils.toByteArray(response.getEntity())));
        if (answer.status() != 200) {
            throw new IOException(call.path + " returned " + answer.status() + ": "
                    + new String(answer.body(), StandardCharsets.UTF_8));
        }
        if (count(answer.body(), call.success) == batch.size()) {
            return Map.of();
        }
        return others(answer.body(), call, batch.size());
    }

    /** Sends a call as {@link #refused} does. Throws if an item did not succeed. */
    void call(Call call, LeaseBatch batch) throws IOException {
        Map<Integer, Integer> refused = refused(call, batch);
        if (!refused.isEmpty()) {
            throw new IOException(
                    call.path + ": some of " + batch.size() + " items were refused, status=count: " + refused);
        }
    }

    private static int count(byte[] body, int status) {
        byte[] digits = Integer.toString(status).getBytes(StandardCharsets.US_ASCII);
        int count = 0;
        int length = STATUS.length + digits.length;
        for (int i = 0; i + length < body.length; i++) {
            if (body[i] == '"' && matches(body, i, STATUS) && matches(body, i + STATUS.length, digits)) {
                count++;
                i += length;
            }
        }
        return count;
    }

    private static boolean matches(byte[] body, int from, byte[] expected) {
        for (int i = 0; i < expected.length; i++) {
            if (body[from + i] != expected[i]) {
                return false;
            }
        }
        return true;
    }

    private static Map<Integer, Integer> others(byte[] body, Call call, int size) throws IOException {
        Map<Integer, Integer> others = new TreeMap<>();
        JsonNode results = JSON.readTree(body).path("results");
        for (JsonNode result : results) {
            int status = result.path("status").asInt();
            if (status != call.success) {
                others.merge(status, 1, Integer::sum);
            }
        }
        if (results.size() != size) {
            others.merge(0, Math.abs(size - results.size()), Integer::sum);
        }
        return others;
    }

    @Override
    public void close() {
        http.close(CloseMode.IMMEDIATE);
    }

    /** The kind of a batch call. */
    enum Call {
        ACQUIRE("/v1/batch/acquire", 200),
        RENEW("/v1/batch/renew", 200),
        RELEASE("/v1/batch/release", 204);

        private final String path;
        private final int success;

        Call(String path, int success) {
            this.path = path;
            this.success = success;
        }
    }
}
