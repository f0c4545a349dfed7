package io.streamlocks.client.metrics;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.awaitility.Awaitility.await;

import io.micrometer.core.instrument.Meter;
import io.micrometer.core.instrument.simple.SimpleMeterRegistry;
import io.streamlocks.client.CoordinatorRefusedException;
import io.streamlocks.client.HeldLease;
import io.streamlocks.client.StreamLockClient;
import io.streamlocks.client.StreamLockListener;
import io.streamlocks.client.TestProxy;
import io.streamlocks.testkit.InProcessCoordinator;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Set;
import java.util.TreeSet;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.TimeUnit;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.junit.jupiter.api.AutoClose;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

@Timeout(60)
class StreamLockMetricsTest {

    @AutoClose
    private final InProcessCoordinator coordinator = new InProcessCoordinator();

    @AutoClose
    private final TestProxy proxy = new TestProxy(coordinator.uri());

    private final SimpleMeterRegistry registry = new SimpleMeterRegistry();
    private final List<String> own = new CopyOnWriteArrayList<>();

    @AutoClose
    private final StreamLockClient client = StreamLockClient.builder(proxy.uri())
            .ttl(Duration.ofSeconds(30))
            .heartbeatInterval(Duration.ofMillis(100))
            .requestTimeout(Duration.ofSeconds(10))
            .acquireTimeout(Duration.ofMillis(200))
            .listener(new StreamLockListener() {
                @Override
                public void acquired(String streamId, long fencingToken, Duration took) {
                    own.add(streamId);
                    throw new IllegalStateException("A listener that fails");
                }
            })
            .listener(new StreamLockMetrics(registry))
            .build();

    private double value(String name, String... tags) {
        return registry.get("streamlocks.client." + name)
                .tags(tags)
                .meter()
                .measure()
                .iterator()
                .next()
                .getValue();
    }

    private double leases() {
        return value("leases");
    }

    @Test
    void acquiresAreTimedByOutcome() {
        client.tryAcquire("orders/eu").orElseThrow();
        assertThat(client.tryAcquire("orders/eu")).isEmpty();
        assertThat(client.acquire("orders/eu", Duration.ofMillis(10))).isEmpty();
        assertThatThrownBy(() -> client.tryAcquire("not\nprintable")).isInstanceOf(CoordinatorRefusedException.class);
        assertThatThrownBy(() -> client.acquire("not\nprintable", Duration.ofMillis(10)))
                .isInstanceOf(CoordinatorRefusedException.class);
        assertThat(client.group("orders")
                        .tryAcquireAll(List.of("orders/us", "not\nprintable"))
                        .granted())
                .hasSize(1);

        assertThat(value("acquires", "outcome", "granted")).isEqualTo(2);
        assertThat(value("acquires", "outcome", "held")).isEqualTo(2);
        assertThat(value("acquires", "outcome", "failed")).isEqualTo(3);
        assertThat(registry.get("streamlocks.client.acquires")
                        .tag("outcome", "held")
                        .timer()
                        .totalTime(TimeUnit.MILLISECONDS))
                .isPositive();
    }

    @Test
    void anotherListenerGetsTheEventsAsWellAndMayFail() {
        client.tryAcquire("orders/eu").orElseThrow();
        assertThat(own).containsExactly("orders/eu");
        assertThat(leases()).isEqualTo(1);
    }

    @Test
    void leasesAreCountedUntilTheyAreReleasedOrLost() {
        HeldLease released = client.tryAcquire("orders/eu").orElseThrow();
        HeldLease lost = client.tryAcquire("orders/us").orElseThrow();
        assertThat(leases()).isEqualTo(2);
        released.close();
        assertThat(leases()).isEqualTo(1);
        assertThat(value("releases", "outcome", "released")).isEqualTo(1);
        await().until(() -> value("renewals", "outcome", "renewed") > 0);

        coordinator.advance(Duration.ofSeconds(30));
        await().until(() -> lost.loss().isPresent() && leases() == 0);
        lost.close();
        assertThat(leases()).isZero();
        assertThat(value("losses", "reason", "expired")).isEqualTo(1);
        assertThat(value("losses", "reason", "unconfirmed")).isZero();
    }

    @Test
    void anOutageIsCounted() {
        HeldLease lease = client.tryAcquire("orders/eu").orElseThrow();
        proxy.refuse();
        await().until(() -> value("renewals", "outcome", "unknown") > 0);
        assertThatThrownBy(() -> client.tryAcquire("orders/us")).isInstanceOf(RuntimeException.class);
        assertThat(value("acquires", "outcome", "failed")).isEqualTo(1);
        lease.close();
        assertThat(value("releases", "outcome", "unknown")).isEqualTo(1);
        assertThat(leases()).isZero();
        proxy.pass();
    }

    @Test
    void aLeaseThatIsLeftToRunOutIsNotHeld() {
        HeldLease lease = client.tryAcquire("orders/eu").orElseThrow();
        lease.leaveToRunOut();
        lease.leaveToRunOut();
        lease.close();
        HeldLease inUse = client.tryAcquire("orders/us").orElseThrow();
        inUse.use();
        client.close();
        assertThat(value("releases", "outcome", "left")).isEqualTo(2);
        assertThat(leases()).isZero();
    }

    @Test
    void aClosedClientHoldsNothing() {
        client.tryAcquire("orders/eu").orElseThrow();
        client.tryAcquire("orders/us").orElseThrow();
        client.close();
        assertThat(leases()).isZero();
    }

    /** A worker without Micrometer would not start. {@code .ci/boms/run} starts one. */
    @Test
    void noOtherPackageOfTheClientUsesMicrometer() throws Exception {
        try (Stream<Path> files = Files.walk(Path.of("src", "main", "java"))) {
            for (Path file : files.filter(Files::isRegularFile).toList()) {
                if (!file.getParent().endsWith("metrics")) {
                    assertThat(Files.readString(file)).as("%s", file).doesNotContain("io.micrometer", "client.metrics");
                }
            }
        }
    }

    @Test
    void thePageListsTheMetersAndTheirTags() throws Exception {
        Set<String> documented = Files.readAllLines(Path.of("..", "docs", "java-client.md")).stream()
                .map(Pattern.compile("\\| `(streamlocks\\.client\\.[a-z]+)` \\| [a-z]+ \\| (?:`([a-z]+)`)?.*")::matcher)
                .filter(Matcher::matches)
                .map(row -> row.group(1) + " " + (row.group(2) == null ? "" : row.group(2)))
                .collect(Collectors.toCollection(TreeSet::new));
        assertThat(documented)
                .isEqualTo(registry.getMeters().stream()
                        .map(Meter::getId)
                        .map(id -> id.getName() + " "
                                + id.getTags().stream().map(tag -> tag.getKey()).collect(Collectors.joining()))
                        .collect(Collectors.toCollection(TreeSet::new)));
    }
}
