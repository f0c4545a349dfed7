package io.streamlocks.spring;

import java.net.URI;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;
import org.springframework.boot.context.properties.ConfigurationProperties;
import org.springframework.boot.context.properties.bind.DefaultValue;

/**
 * The settings of the client. A setting that is missing has the default of the client.
 *
 * @param urls Base URIs of the coordinator, such as "http://coordinator:8080". Without them there is no client.
 * @param ownerId Label of this process, unique per process start. By default host, process id and a random part.
 * @param ttl Length of leases, from 1 s to 24 h. By default the coordinator chooses it.
 * @param heartbeatInterval Time between renewals. By default a third of the ttl.
 * @param requestTimeout Time to wait for a connection, and then for a response. By default a quarter of the ttl, at most
 *     5 s.
 * @param acquireTimeout Time for which an acquire without a response is repeated. By default 5 s.
 * @param bearerToken Access token of this worker.
 * @param labels Description of this process for operators, such as its pod and build.
 * @param ssl TLS.
 * @param lockRegistry LockRegistry of Spring Integration.
 */
@ConfigurationProperties(StreamLockProperties.PREFIX)
public record StreamLockProperties(
        @DefaultValue List<URI> urls,
        @Nullable String ownerId,
        @Nullable Duration ttl,
        @Nullable Duration heartbeatInterval,
        @Nullable Duration requestTimeout,
        @Nullable Duration acquireTimeout,
        @Nullable String bearerToken,
        @DefaultValue Map<String, String> labels,
        @DefaultValue Ssl ssl,
        @DefaultValue LockRegistry lockRegistry) {

    static final String PREFIX = "stream-locks";

    /**
     * TLS.
     *
     * @param bundle Name of the SSL bundle with the certificates to trust. By default those that Java trusts.
     */
    public record Ssl(@Nullable String bundle) {}

    /**
     * The registry of locks.
     *
     * @param prefix Beginning of the stream ids of all locks. The key of the lock follows it.
     */
    public record LockRegistry(@DefaultValue("") String prefix) {}

    /** Returns a text without the bearer token, which is a secret. */
    @Override
    public String toString() {
        return "StreamLockProperties" + urls;
    }
}
