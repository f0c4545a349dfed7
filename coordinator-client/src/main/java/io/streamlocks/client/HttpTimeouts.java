package io.streamlocks.client;

import java.io.IOException;
import java.time.Duration;
import java.util.concurrent.CancellationException;
import java.util.function.Supplier;
import org.apache.hc.client5.http.classic.ExecChain;
import org.apache.hc.client5.http.classic.ExecChainHandler;
import org.apache.hc.client5.http.config.ConnectionConfig;
import org.apache.hc.client5.http.config.RequestConfig;
import org.apache.hc.client5.http.config.TlsConfig;
import org.apache.hc.core5.http.ClassicHttpRequest;
import org.apache.hc.core5.http.ClassicHttpResponse;
import org.apache.hc.core5.http.HttpException;
import org.apache.hc.core5.http.io.SocketConfig;
import org.apache.hc.core5.util.TimeValue;
import org.apache.hc.core5.util.Timeout;

/**
 * The time-outs of requests and connections. They may change between two requests: a client learns the length of its
 * leases from the first grant, and a request must not take longer than a lease can wait for it. This class is
 * thread-safe.
 */
final class HttpTimeouts implements ExecChainHandler {

    private final Supplier<Duration> connect;
    private final Supplier<Duration> response;

    private volatile Configs configs;

    /** The objects that the HTTP client takes. They are made once for each change, and not for each request. */
    private record Configs(
            Duration connect,
            Duration response,
            ConnectionConfig connection,
            SocketConfig socket,
            TlsConfig tls,
            RequestConfig request) {

        static Configs of(Duration connect, Duration response) {
            Timeout connectTimeout = Timeout.of(connect);
            return new Configs(
                    connect,
                    response,
                    ConnectionConfig.custom()
                            .setConnectTimeout(connectTimeout)
                            // A check costs up to a millisecond, so a busy connection goes without it.
                            .setValidateAfterInactivity(TimeValue.ofSeconds(1))
                            .build(),
                    // This holds until the first request. Newer versions do not pass the time-out of the handshake on
                    // to an SSLContext of the user.
                    SocketConfig.custom().setSoTimeout(connectTimeout).build(),
                    TlsConfig.custom().setHandshakeTimeout(connectTimeout).build(),
                    RequestConfig.custom()
                            .setConnectionRequestTimeout(connectTimeout)
                            .setResponseTimeout(Timeout.of(response))
                            .build());
        }
    }

    /**
     * @param connect the time for a free connection, for connecting to each address, and for a step of a TLS handshake,
     *     each
     * @param response the time until an answer begins, or goes on after a pause
     */
    HttpTimeouts(Supplier<Duration> connect, Supplier<Duration> response) {
        this.connect = connect;
        this.response = response;
        this.configs = Configs.of(connect.get(), response.get());
    }

    private Configs configs() {
        Duration connectNow = connect.get();
        Duration responseNow = response.get();
        Configs last = configs;
        if (last.connect().equals(connectNow) && last.response().equals(responseNow)) {
            return last;
        }
        Configs changed = Configs.of(connectNow, responseNow);
        configs = changed;
        return changed;
    }

    ConnectionConfig connection() {
        return configs().connection();
    }

    SocketConfig socket() {
        return configs().socket();
    }

    TlsConfig tls() {
        return configs().tls();
    }

    /** Gives a request the time-outs that hold now, and sends it, whether or not the thread is interrupted. */
    @Override
    public ClassicHttpResponse execute(ClassicHttpRequest request, ExecChain.Scope scope, ExecChain chain)
            throws IOException, HttpException {
        scope.clientContext.setRequestConfig(configs().request());
        // An interrupted thread gets no connection, and its request may be that of other threads as well.
        boolean interrupted = Thread.interrupted();
        try {
            return chain.proceed(request, scope);
        } catch (CancellationException e) {
            interrupted = true;
            throw new IOException("The wait for a connection was interrupted", e);
        } finally {
            if (interrupted) {
                Thread.currentThread().interrupt();
            }
        }
    }
}
