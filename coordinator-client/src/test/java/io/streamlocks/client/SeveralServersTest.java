package io.streamlocks.client;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.awaitility.Awaitility.await;

import com.sun.net.httpserver.HttpServer;
import io.streamlocks.coordinator.lock.AcquireRequest;
import io.streamlocks.coordinator.lock.memory.MemoryLockManager;
import io.streamlocks.coordinator.lock.memory.MonotonicClock;
import io.streamlocks.testkit.rig.Link;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.URI;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.UUID;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.stream.IntStream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.parallel.Execution;
import org.junit.jupiter.api.parallel.ExecutionMode;

/** Clients of two servers with the same storage, whose networks a test can break. */
@Timeout(60)
@Execution(ExecutionMode.CONCURRENT)
class SeveralServersTest {

    private static final Duration TTL = Duration.ofSeconds(4);

    private final CountedLocks storage = new CountedLocks(new MemoryLockManager(new MonotonicClock(), true));
    private final List<TestServer> servers = List.of(new TestServer(storage), new TestServer(storage));
    private final List<Link> links =
            servers.stream().map(SeveralServersTest::link).toList();
    private final ProxiedClient.Heard heard = new ProxiedClient.Heard();
    private final List<StreamLockClient> clients = new ArrayList<>();
    private final ExecutorService threads = Executors.newCachedThreadPool();

    /** Has clients prefer the servers in the order of their URIs. */
    private final ClientRuntime ordered = new ClientRuntime() {
        @Override
        double random() {
            return 0.999;
        }
    };

    private static Link link(TestServer server) {
        try {
            return new Link(server.uri().getPort());
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    private StreamLockClient.Builder builder() {
        return StreamLockClient.builder(links.get(0).uri(), links.get(1).uri())
                .ttl(TTL)
                .listener(heard);
    }

    private StreamLockClient client() {
        return client(builder());
    }

    private StreamLockClient client(StreamLockClient.Builder builder) {
        ClientSettings settings = builder.settings();
        StreamLockClient client = new StreamLockClient(settings, ordered, new HttpConnector(settings, ordered));
        clients.add(client);
        return client;
    }

    @AfterEach
    void stop() {
        links.forEach(Link::heal);
        clients.forEach(StreamLockClient::close);
        threads.shutdownNow();
        links.forEach(Link::close);
        servers.forEach(TestServer::close);
    }

    @Test
    void aClientStartsWhileTheServerThatItPrefersIsDown() {
        links.get(0).set(Link.State.REFUSE);
        StreamLockClient client = client(builder().acquireTimeout(Duration.ofMillis(1)));
        assertThat(client.tryAcquire("orders")).isPresent();
        assertThat(client.group("workers").report(1, 1, OptionalInt.empty()).members())
                .isEqualTo(1);
    }

    @Test
    void aLeaseOutlivesTheServerThatGrantedIt() {
        HeldLease lease = client().tryAcquire("orders").orElseThrow();
        links.get(0).set(Link.State.RESET);
        int before = heard.renewed.size();
        await().atMost(TTL.multipliedBy(3)).until(() -> heard.renewed.size() >= before + 3);
        assertThat(lease.isSafe()).isTrue();
        assertThat(heard.lost).isEmpty();
        lease.close();
        await().until(() -> storage.find("orders").isEmpty());
    }

    @Test
    void anAcquireOutlivesAServerThatHangs() {
        StreamLockClient client = client(builder().ttl(Duration.ofMinutes(1)).acquireTimeout(Duration.ofSeconds(3)));
        links.get(0).set(Link.State.SILENT);
        assertThat(client.tryAcquire("orders")).isPresent();
    }

    @Test
    void anAnswerThatIsLostLeavesOneLeaseBehindWithTheSameId() {
        StreamLockClient client = client();
        links.get(0).set(Link.State.REPLY_DROPPED);
        HeldLease lease = client.tryAcquire("orders").orElseThrow();
        assertThat(storage.find("orders").orElseThrow().fencingToken()).isEqualTo(lease.fencingToken());
        List<UUID> leaseIds = storage.acquires().stream()
                .flatMap(List::stream)
                .map(AcquireRequest::leaseId)
                .toList();
        assertThat(leaseIds).hasSize(2);
        assertThat(leaseIds.get(0)).isEqualTo(leaseIds.get(1));
    }

    @Test
    void aWaiterKeepsItsPlaceWhenItsServerStops() throws Exception {
        StreamLockClient holder =
                client(StreamLockClient.builder(servers.get(1).uri()).ttl(Duration.ofMinutes(1)));
        HeldLease held = holder.tryAcquire("orders").orElseThrow();
        StreamLockClient first = client();
        Future<Optional<HeldLease>> waiting = threads.submit(() -> first.acquire("orders", Duration.ofMinutes(5)));
        await().until(() -> storage.reads().waiters("orders").size() == 1);
        Future<Optional<HeldLease>> later = threads.submit(() -> holder.acquire("orders", Duration.ofMinutes(5)));
        await().until(() -> storage.reads().waiters("orders").size() == 2);
        // It answers 503, and keeps the place.
        servers.get(0).close();
        held.close();
        HeldLease granted = waiting.get(10, TimeUnit.SECONDS).orElseThrow();
        assertThat(later).isNotDone();
        granted.close();
        assertThat(later.get(10, TimeUnit.SECONDS)).isPresent();
    }

    @Test
    void aClientThatHasLeftAServerIsNotWithoutAServer() {
        StreamLockClient client = client();
        links.get(0).set(Link.State.REFUSE);
        client.tryAcquire("orders").orElseThrow().close();
        links.get(0).heal();
        links.get(1).set(Link.State.REFUSE);
        // The other server is gone, and this one was tried a moment ago, but it is the only one that may work.
        assertThat(client.tryAcquire("payments")).isPresent();
    }

    @Test
    void clientsSpreadOverServers() {
        List<URI> uris = List.of(URI.create("http://one"), URI.create("http://two"));
        ClientRuntime random = ClientRuntime.JVM;
        assertThat(IntStream.range(0, 100)
                        .mapToObj(i -> HttpConnector.shuffled(uris, random).get(0))
                        .distinct())
                .containsExactlyInAnyOrderElementsOf(uris);
    }

    @Test
    void ifNoServerCanBeReachedNothingWasGrantedAndTheCauseIsNamed() {
        StreamLockClient client = client(builder().acquireTimeout(Duration.ofMillis(300)));
        links.forEach(link -> link.set(Link.State.REFUSE));
        assertThatThrownBy(() -> client.tryAcquire("orders"))
                .isInstanceOfSatisfying(CoordinatorUnavailableException.class, e -> {
                    assertThat(e.isUnsent()).isTrue();
                    assertThat(e).hasMessageContaining("refused");
                });
    }

    @Test
    void eachCallHasTheTokenOfItsTime() throws IOException {
        AtomicInteger asked = new AtomicInteger();
        List<String> received = new CopyOnWriteArrayList<>();
        HttpServer recording = HttpServer.create(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0), 0);
        recording.createContext("/", exchange -> {
            received.add(exchange.getRequestHeaders().getFirst("Authorization"));
            exchange.sendResponseHeaders(401, -1);
            exchange.close();
        });
        recording.start();
        URI uri = URI.create("http://127.0.0.1:" + recording.getAddress().getPort());
        StreamLockClient client =
                client(StreamLockClient.builder(uri).bearerToken(() -> "token-" + asked.incrementAndGet()));
        try {
            for (int i = 0; i < 2; i++) {
                assertThatThrownBy(() -> client.tryAcquire("orders")).isInstanceOf(CoordinatorRefusedException.class);
            }
        } finally {
            recording.stop(0);
        }
        assertThat(received).containsExactly("Bearer token-1", "Bearer token-2");
    }

    @Test
    void aTokenThatIsMissingFailsTheCall() {
        StreamLockClient client = client(builder().bearerToken(() -> null));
        assertThatThrownBy(() -> client.tryAcquire("orders")).hasMessageContaining("bearer token");
    }

    @Test
    void anAcquireAndALeaseOutliveTwoOfThreeServers() throws IOException {
        try (TestServer third = new TestServer(storage);
                Link toThird = new Link(third.uri().getPort())) {
            StreamLockClient client = client(
                    StreamLockClient.builder(links.get(0).uri(), links.get(1).uri(), toThird.uri())
                            .ttl(Duration.ofSeconds(12))
                            .listener(heard));
            HeldLease lease = client.tryAcquire("orders").orElseThrow();
            links.forEach(link -> link.set(Link.State.SILENT));
            assertThat(client.tryAcquire("payments")).isPresent();
            int before = heard.renewed.size();
            await().atMost(Duration.ofSeconds(30)).until(() -> heard.renewed.size() >= before + 2);
            assertThat(lease.isSafe()).isTrue();
            assertThat(heard.lost).isEmpty();
        }
    }
}
