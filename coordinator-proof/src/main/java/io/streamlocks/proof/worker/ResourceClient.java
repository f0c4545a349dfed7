package io.streamlocks.proof.worker;

import io.streamlocks.proof.history.Answer;
import java.io.IOException;
import java.net.URI;
import java.time.Duration;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.apache.hc.client5.http.classic.methods.HttpPost;
import org.apache.hc.client5.http.config.RequestConfig;
import org.apache.hc.client5.http.impl.classic.CloseableHttpClient;
import org.apache.hc.client5.http.impl.classic.HttpClients;
import org.apache.hc.client5.http.impl.io.PoolingHttpClientConnectionManagerBuilder;
import org.apache.hc.core5.http.io.entity.EntityUtils;
import org.apache.hc.core5.util.Timeout;

/** Sends calls to the resource. Each call blocks for 5 s at most. This class is thread-safe. */
final class ResourceClient implements AutoCloseable {

    private static final Duration TIMEOUT = Duration.ofSeconds(5);
    private static final Pattern POSITION = Pattern.compile("\"position\":(\\d+)");

    /**
     * The result of a call.
     *
     * @param answer accepted, refused or unknown
     * @param position the last number that was written, if the call opened a stream
     */
    record Reply(Answer answer, long position) {}

    private final URI base;
    private final String owner;
    private final CloseableHttpClient http = HttpClients.custom()
            .setConnectionManager(PoolingHttpClientConnectionManagerBuilder.create()
                    .setMaxConnTotal(64)
                    .setMaxConnPerRoute(64)
                    .build())
            .setDefaultRequestConfig(RequestConfig.custom()
                    .setResponseTimeout(Timeout.of(TIMEOUT))
                    .build())
            .disableAutomaticRetries()
            .build();

    ResourceClient(URI base, String owner) {
        this.base = base;
        this.owner = owner;
    }

    /** Opens a stream, which bars all earlier holders from it. */
    Reply open(String stream, long token) {
        return post(stream, "open", token);
    }

    Reply publish(String stream, long number, long token) {
        return post(stream, "events/" + number, token);
    }

    private Reply post(String stream, String what, long token) {
        URI uri = base.resolve("/streams/" + stream + "/" + what + "?fencingToken=" + token + "&workerId=" + owner);
        try {
            return http.execute(new HttpPost(uri), response -> {
                String body = EntityUtils.toString(response.getEntity());
                Matcher position = POSITION.matcher(body);
                return switch (response.getCode()) {
                    case 200 -> new Reply(Answer.ACCEPTED, position.find() ? Long.parseLong(position.group(1)) : 0);
                    case 409 -> new Reply(Answer.REFUSED, 0);
                    default -> throw new IOException("The resource returned " + response.getCode() + ": " + body);
                };
            });
        } catch (IOException e) {
            return new Reply(Answer.UNKNOWN, 0);
        }
    }

    @Override
    public void close() throws IOException {
        http.close();
    }
}
