package io.streamlocks.spring;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.micrometer.core.instrument.MeterRegistry;
import io.micrometer.core.instrument.simple.SimpleMeterRegistry;
import io.streamlocks.client.CoordinatorRefusedException;
import io.streamlocks.client.HeldLease;
import io.streamlocks.client.StreamLockClient;
import io.streamlocks.client.StreamLockListener;
import io.streamlocks.client.metrics.StreamLockMetrics;
import io.streamlocks.testkit.InProcessCoordinator;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.locks.ReentrantLock;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import org.springframework.boot.autoconfigure.AutoConfigurations;
import org.springframework.boot.autoconfigure.condition.ConditionEvaluationReport;
import org.springframework.boot.autoconfigure.ssl.SslAutoConfiguration;
import org.springframework.boot.test.context.FilteredClassLoader;
import org.springframework.boot.test.context.runner.ApplicationContextRunner;
import org.springframework.core.annotation.Order;
import org.springframework.core.env.SystemEnvironmentPropertySource;
import org.springframework.integration.support.locks.LockRegistry;

/** Tests which beans there are, and that each property reaches the client. */
class StreamLockAutoConfigurationTest {

    @RegisterExtension
    static final InProcessCoordinator COORDINATOR = new InProcessCoordinator();

    private final ApplicationContextRunner withoutUrls = new ApplicationContextRunner()
            .withConfiguration(AutoConfigurations.of(
                    SslAutoConfiguration.class,
                    StreamLockAutoConfiguration.class,
                    StreamLockMetricsAutoConfiguration.class,
                    StreamLockRegistryAutoConfiguration.class));

    private final ApplicationContextRunner runner =
            withoutUrls.withPropertyValues("stream-locks.urls=" + COORDINATOR.uri());

    @ParameterizedTest
    @ValueSource(strings = {"no.urls=1", "stream-locks.urls=", "stream-locks.ttl=30s"})
    void withoutUrlsThereIsNoneOfTheBeansAndTheReportSaysWhy(String property) {
        withoutUrls
                .withBean(MeterRegistry.class, SimpleMeterRegistry::new)
                .withPropertyValues(property)
                .run(context -> {
                    assertThat(context).hasNotFailed();
                    assertThat(context)
                            .doesNotHaveBean(StreamLockClient.class)
                            .doesNotHaveBean(StreamLockMetrics.class)
                            .doesNotHaveBean(LockRegistry.class);
                    assertThat(ConditionEvaluationReport.get(context.getBeanFactory())
                                    .getConditionAndOutcomesBySource()
                                    .get(StreamLockAutoConfiguration.class.getName()))
                            .anyMatch(found -> found.getOutcome().getMessage().contains("stream-locks.urls"));
                });
    }

    @ParameterizedTest
    @ValueSource(
            strings = {"stream-locks.urls=%s", "stream-locks.urls[0]=%s", "stream-locks.urls=http://127.0.0.1:1,%s"})
    void theUrlsAreAList(String property) {
        withoutUrls
                .withPropertyValues(property.replace("%s", COORDINATOR.uri().toString()))
                .run(context -> assertThat(
                                context.getBean(StreamLockClient.class).tryAcquire("spring/" + property.length()))
                        .isPresent());
    }

    /** Kubernetes sets them so. */
    @Test
    void theUrlsCanComeFromTheEnvironment() {
        withoutUrls
                .withInitializer(context -> context.getEnvironment()
                        .getPropertySources()
                        .addFirst(new SystemEnvironmentPropertySource(
                                "test-systemEnvironment",
                                Map.of("STREAMLOCKS_URLS", COORDINATOR.uri().toString()))))
                .run(context -> assertThat(context).hasSingleBean(StreamLockClient.class));
    }

    @Test
    void thePropertiesAreThoseOfTheClient() {
        runner.withPropertyValues(
                        "stream-locks.owner-id=billing-1",
                        "stream-locks.ttl=47s",
                        "stream-locks.heartbeat-interval=7s",
                        "stream-locks.request-timeout=3s",
                        "stream-locks.acquire-timeout=4s",
                        "stream-locks.labels.pod=billing-abc")
                .run(context -> {
                    StreamLockClient client = context.getBean(StreamLockClient.class);
                    assertThat(client.ownerId()).isEqualTo("billing-1");
                    client.tryAcquire("spring/properties").orElseThrow();
                    assertThat(Held.at(COORDINATOR))
                            .contains("\"ownerId\":\"billing-1\"", "\"ttlMs\":47000", "\"pod\":\"billing-abc\"");
                });
    }

    /** The client checks them all, and its messages name them. */
    @ParameterizedTest
    @ValueSource(strings = {"ttl", "heartbeat-interval", "request-timeout", "acquire-timeout"})
    void aLengthOfTimeThatIsNotValidEndsTheStart(String property) {
        runner.withPropertyValues("stream-locks." + property + "=0s").run(context -> assertThat(context)
                .getFailure()
                .rootCause()
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessageContaining(property.replace("-i", "I").replace("-t", "T")));
    }

    @Test
    void anEmptyTextIsASettingThatIsMissing() {
        runner.withPropertyValues("stream-locks.owner-id=", "stream-locks.bearer-token=", "stream-locks.ssl.bundle=")
                .run(context -> assertThat(
                                context.getBean(StreamLockClient.class).ownerId())
                        .isNotEmpty());
    }

    @Test
    void theTokenIsSentAndIsInNoText() throws Exception {
        try (RecordedCalls calls = RecordedCalls.refusing()) {
            withoutUrls
                    .withPropertyValues("stream-locks.urls=" + calls.uri(), "stream-locks.bearer-token=secret")
                    .run(context -> {
                        assertThatThrownBy(() ->
                                        context.getBean(StreamLockClient.class).tryAcquire("spring/token"))
                                .isInstanceOf(CoordinatorRefusedException.class);
                        assertThat(calls.tokens()).contains("Bearer secret");
                        assertThat(context.getBean(StreamLockProperties.class).toString())
                                .doesNotContain("secret");
                    });
        }
    }

    @Test
    void aBundleNamesTheCertificatesToTrust() throws Exception {
        try (RecordedCalls calls = RecordedCalls.refusingWithTls()) {
            ApplicationContextRunner https = withoutUrls.withPropertyValues(
                    "stream-locks.urls=" + calls.uri(),
                    "stream-locks.acquire-timeout=1ms",
                    "stream-locks.request-timeout=2s");
            https.withPropertyValues(
                            "stream-locks.ssl.bundle=coordinator",
                            "spring.ssl.bundle.pem.coordinator.truststore.certificate=" + calls.certificatePem())
                    .run(context -> assertThatThrownBy(() ->
                                    context.getBean(StreamLockClient.class).tryAcquire("spring/tls"))
                            .isInstanceOf(CoordinatorRefusedException.class));
            https.run(context -> assertThatThrownBy(
                            () -> context.getBean(StreamLockClient.class).tryAcquire("spring/tls"))
                    .hasMessageContaining("PKIX"));
            https.withPropertyValues("stream-locks.ssl.bundle=missing")
                    .run(context -> assertThat(context).getFailure().rootCause().hasMessageContaining("missing"));
        }
    }

    @Test
    void aClientOfTheApplicationReplacesIt() {
        StreamLockClient own = StreamLockClient.builder(COORDINATOR.uri()).build();
        runner.withBean("own", StreamLockClient.class, () -> own).run(context -> {
            assertThat(context.getBean(StreamLockClient.class)).isSameAs(own);
            assertThat(context).hasSingleBean(StreamLockRegistry.class);
        });
    }

    @Test
    void everyListenerGetsTheEvents() {
        List<String> heard = new CopyOnWriteArrayList<>();
        runner.withBean("one", StreamLockListener.class, () -> telling(heard, "one"))
                .withBean("two", StreamLockListener.class, () -> telling(heard, "two"))
                .run(context -> {
                    context.getBean(StreamLockClient.class)
                            .tryAcquire("spring/listeners")
                            .orElseThrow();
                    assertThat(heard).containsExactlyInAnyOrder("one", "two");
                });
    }

    private static StreamLockListener telling(List<String> heard, String name) {
        return new StreamLockListener() {
            @Override
            public void acquired(String streamId, long fencingToken, Duration took) {
                heard.add(name);
            }
        };
    }

    @Order(1)
    private static final class First implements StreamLockClientBuilderCustomizer {
        @Override
        public void customize(StreamLockClient.Builder builder) {
            builder.ownerId("first").labels(Map.of("customized", "yes"));
        }
    }

    @Order(2)
    private static final class Second implements StreamLockClientBuilderCustomizer {
        @Override
        public void customize(StreamLockClient.Builder builder) {
            builder.ownerId("second");
        }
    }

    @Test
    void customizersComeAfterThePropertiesInTheirOrder() {
        runner.withPropertyValues("stream-locks.owner-id=property")
                .withBean(Second.class, Second::new)
                .withBean(First.class, First::new)
                .run(context -> {
                    StreamLockClient client = context.getBean(StreamLockClient.class);
                    assertThat(client.ownerId()).isEqualTo("second");
                    client.tryAcquire("spring/customized").orElseThrow();
                    assertThat(Held.at(COORDINATOR)).contains("\"customized\":\"yes\"");
                });
    }

    @Test
    void theMetricsAreInTheRegistryOfTheApplication() {
        runner.withBean(MeterRegistry.class, SimpleMeterRegistry::new).run(context -> {
            HeldLease lease = context.getBean(StreamLockClient.class)
                    .tryAcquire("spring/metrics")
                    .orElseThrow();
            MeterRegistry registry = context.getBean(MeterRegistry.class);
            assertThat(registry.get("streamlocks.client.leases").gauge().value())
                    .isEqualTo(1);
            lease.close();
            assertThat(registry.get("streamlocks.client.leases").gauge().value())
                    .isZero();
        });
    }

    @Test
    void withoutTheirLibrariesThereAreNoMetricsAndNoLocks() {
        runner.withClassLoader(new FilteredClassLoader("io.micrometer", "org.springframework.integration"))
                .run(context -> {
                    assertThat(context).hasNotFailed();
                    assertThat(context).hasSingleBean(StreamLockClient.class);
                    assertThat(context.containsBean("streamLockMetrics")).isFalse();
                    assertThat(context.containsBean("streamLockRegistry")).isFalse();
                });
    }

    @Test
    void theLocksAreBelowTheirPrefix() {
        runner.withPropertyValues("stream-locks.lock-registry.prefix=spring/locks/")
                .run(context -> {
                    context.getBean(LockRegistry.class).obtain("a").lock();
                    assertThat(Held.at(COORDINATOR)).contains("\"streamId\":\"spring/locks/a\"");
                });
    }

    @Test
    void aRegistryOfTheApplicationReplacesOurs() {
        runner.withBean("own", LockRegistry.class, () -> key -> new ReentrantLock())
                .run(context -> assertThat(context).doesNotHaveBean(StreamLockRegistry.class));
    }
}
