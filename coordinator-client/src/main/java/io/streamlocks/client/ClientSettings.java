package io.streamlocks.client;

import java.net.InetAddress;
import java.net.URI;
import java.net.UnknownHostException;
import java.time.Duration;
import java.util.Optional;
import java.util.UUID;
import java.util.concurrent.Executor;
import javax.net.ssl.SSLContext;

/**
 * The settings of one client, which are valid.
 *
 * @param baseUri where the coordinator is
 * @param owner this process
 * @param timing the lengths of time, of this client alone
 * @param bearerToken goes along with each call
 * @param sslContext names the certificates to trust; empty for those that Java trusts
 * @param callbackExecutor runs callbacks; empty for threads of the client
 * @param listener receives what the client does
 */
record ClientSettings(
        URI baseUri,
        Owner owner,
        Timing timing,
        Optional<String> bearerToken,
        Optional<SSLContext> sslContext,
        Optional<Executor> callbackExecutor,
        StreamLockListener listener) {

    /**
     * Returns calls over HTTP, with connections of their own.
     *
     * @param wait how long the coordinator may wait before it answers; zero for calls that do not wait
     */
    LeaseCalls connect(Duration wait) {
        CoordinatorHttp http = CoordinatorHttp.connect(
                baseUri, timing::requestTimeout, () -> timing.requestTimeout().plus(wait), sslContext);
        return new HttpLeaseCalls(http, bearerToken);
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
