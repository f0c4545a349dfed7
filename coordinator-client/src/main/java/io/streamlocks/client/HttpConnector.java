package io.streamlocks.client;

import java.net.URI;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.function.Supplier;

/**
 * Opens connections over HTTP, to one server at a time. Each client prefers the servers in an order of its own, so that
 * clients spread over them. This class is thread-safe.
 */
final class HttpConnector implements Connector {

    private final ClientSettings settings;
    private final ClientRuntime runtime;
    private final Timing timing;

    /** Where the servers are, beginning with the one that this client prefers. */
    private final List<URI> uris;

    /** What acquires and waits know about the servers. A new waiter must not begin with one that hangs. */
    private final Servers acquiring;

    private final List<LeaseCalls> acquires;

    HttpConnector(ClientSettings settings, ClientRuntime runtime) {
        this.settings = settings;
        this.runtime = runtime;
        this.timing = settings.timing();
        this.uris = shuffled(settings.uris(), runtime);
        this.acquiring = newServers();
        this.acquires = callsTo(() -> timing.acquireTryTimeout(uris.size()), Duration.ZERO);
    }

    static List<URI> shuffled(List<URI> uris, ClientRuntime runtime) {
        List<URI> order = new ArrayList<>(uris);
        for (int last = order.size() - 1; last > 0; last--) {
            Collections.swap(order, last, (int) (runtime.random() * (last + 1)));
        }
        return List.copyOf(order);
    }

    @Override
    public LeaseCalls acquires() {
        return new FailoverLeaseCalls(acquiring, acquires, acquires, runtime);
    }

    @Override
    public LeaseCalls renewals() {
        return leases();
    }

    @Override
    public LeaseCalls releases() {
        return leases();
    }

    private LeaseCalls leases() {
        List<LeaseCalls> calls = callsTo(timing::requestTimeout, Duration.ZERO);
        return new FailoverLeaseCalls(newServers(), calls, calls, runtime);
    }

    @Override
    public LeaseCalls waits(Duration wait) {
        return new FailoverLeaseCalls(acquiring, callsTo(timing::waitTimeout, wait), acquires, runtime);
    }

    @Override
    public GroupCalls groups() {
        List<GroupCalls> calls = uris.stream()
                .<GroupCalls>map(
                        uri -> new HttpGroupCalls(connect(uri, timing::requestTimeout, Duration.ZERO), this::headers))
                .toList();
        return new FailoverGroupCalls(newServers(), calls);
    }

    private Servers newServers() {
        return new Servers(uris, runtime);
    }

    /** Returns calls to each of the servers. */
    private List<LeaseCalls> callsTo(Supplier<Duration> timeout, Duration wait) {
        return uris.stream()
                .<LeaseCalls>map(uri -> new HttpLeaseCalls(connect(uri, timeout, wait), this::headers))
                .toList();
    }

    private CoordinatorHttp connect(URI uri, Supplier<Duration> timeout, Duration wait) {
        return CoordinatorHttp.connect(uri, timeout, () -> timeout.get().plus(wait), settings.sslContext());
    }

    /** Returns what goes along with a call that begins now. */
    private Map<String, String> headers() {
        return settings.bearerToken()
                .map(token -> Map.of("Authorization", "Bearer " + Objects.requireNonNull(token.get(), "bearer token")))
                .orElse(Map.of());
    }
}
