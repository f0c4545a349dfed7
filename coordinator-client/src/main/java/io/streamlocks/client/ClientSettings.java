package io.streamlocks.client;

import java.net.InetAddress;
import java.net.URI;
import java.net.UnknownHostException;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.UUID;
import java.util.concurrent.Executor;
import javax.net.ssl.SSLContext;

/**
 * The settings of one client, which are valid. It connects over HTTP.
 *
 * @param baseUri where the coordinator is
 * @param owner this process
 * @param timing the lengths of time, of this client alone
 * @param bearerToken goes along with each call
 * @param sslContext names the certificates to trust; empty for those that Java trusts
 * @param callbackExecutor runs callbacks; empty for threads of the client
 * @param listeners receive what the client does
 */
record ClientSettings(
        URI baseUri,
        Owner owner,
        Timing timing,
        Optional<String> bearerToken,
        Optional<SSLContext> sslContext,
        Optional<Executor> callbackExecutor,
        List<StreamLockListener> listeners)
        implements Connector {

    @Override
    public LeaseCalls leases(Duration wait) {
        return new HttpLeaseCalls(connect(wait), headers());
    }

    @Override
    public GroupCalls groups() {
        return new HttpGroupCalls(connect(Duration.ZERO), headers());
    }

    private CoordinatorHttp connect(Duration wait) {
        return CoordinatorHttp.connect(
                baseUri, timing::requestTimeout, () -> timing.requestTimeout().plus(wait), sslContext);
    }

    private Map<String, String> headers() {
        return bearerToken
                .map(token -> Map.of("Authorization", "Bearer " + token))
                .orElse(Map.of());
    }

    /** Returns {@code <host>-<pid>-<random>}: a container's pid is often 1, and a restarted pod may keep its name. */
    static String newOwnerId() {
        String host;
        try {
            host = InetAddress.getLocalHost().getHostName();
        } catch (UnknownHostException e) {
            // The owner id is a label, so any name will do.
            host = "unknown";
        }
        return host + "-" + ProcessHandle.current().pid() + "-"
                + UUID.randomUUID().toString().substring(0, 8);
    }
}
