package io.streamlocks.client;

import java.net.InetAddress;
import java.net.URI;
import java.net.UnknownHostException;
import java.util.List;
import java.util.Optional;
import java.util.UUID;
import java.util.concurrent.Executor;
import java.util.function.Supplier;
import javax.net.ssl.SSLContext;

/**
 * The settings of one client, which are valid.
 *
 * @param uris where the servers of the coordinator are, at least one
 * @param owner this process
 * @param timing the lengths of time, of this client alone
 * @param bearerToken returns what goes along with a call that begins now
 * @param sslContext names the certificates to trust; empty for those that Java trusts
 * @param callbackExecutor runs callbacks; empty for threads of the client
 * @param listeners receive what the client does
 */
record ClientSettings(
        List<URI> uris,
        Owner owner,
        Timing timing,
        Optional<Supplier<String>> bearerToken,
        Optional<SSLContext> sslContext,
        Optional<Executor> callbackExecutor,
        List<StreamLockListener> listeners) {

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
