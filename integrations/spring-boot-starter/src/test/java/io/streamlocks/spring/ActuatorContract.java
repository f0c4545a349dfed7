package io.streamlocks.spring;

import static org.assertj.core.api.Assertions.assertThat;

import io.micrometer.core.instrument.MeterRegistry;
import io.streamlocks.client.StreamLockClient;
import io.streamlocks.testkit.InProcessCoordinator;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.springframework.boot.Banner;
import org.springframework.boot.SpringBootVersion;
import org.springframework.boot.WebApplicationType;
import org.springframework.boot.autoconfigure.EnableAutoConfiguration;
import org.springframework.boot.builder.SpringApplicationBuilder;
import org.springframework.context.ApplicationContext;
import org.springframework.context.ConfigurableApplicationContext;
import org.springframework.context.annotation.Configuration;

/** Tests a whole application. The classes of the health and of the metrics differ between Spring Boot 3 and 4. */
@Timeout(60)
abstract class ActuatorContract {

    @RegisterExtension
    final InProcessCoordinator coordinator = new InProcessCoordinator();

    /** An application without code of its own. */
    @Configuration(proxyBeanMethods = false)
    @EnableAutoConfiguration
    static class Application {}

    /** The health of one contributor. */
    record Status(String code, Map<String, Object> details) {}

    /** Returns the first number of the version of Spring Boot. */
    abstract String major();

    /** Returns the health that the endpoint reports for the coordinator; null if it does not ask. */
    abstract Status health(ApplicationContext context);

    private ConfigurableApplicationContext start(String... properties) {
        return new SpringApplicationBuilder(Application.class)
                .web(WebApplicationType.NONE)
                .bannerMode(Banner.Mode.OFF)
                .registerShutdownHook(false)
                .properties(properties)
                .run("--stream-locks.urls=" + coordinator.uri(), "--management.endpoint.health.show-details=always");
    }

    @Test
    void theTestRunsOnItsVersion() {
        assertThat(SpringBootVersion.getVersion()).startsWith(major() + ".");
    }

    @Test
    void theHealthIsThatOfTheCoordinator() {
        try (ConfigurableApplicationContext context = start()) {
            assertThat(health(context).code()).isEqualTo("UP");
            coordinator.close();
            assertThat(health(context).code()).isEqualTo("DOWN");
            assertThat(health(context).details().get("error").toString()).contains("CoordinatorUnavailableException");
        }
    }

    @Test
    void theHealthCheckCanBeSwitchedOff() {
        try (ConfigurableApplicationContext context = start("management.health.stream-locks.enabled=false")) {
            assertThat(context.getBeansOfType(StreamLockClient.class)).hasSize(1);
            assertThat(health(context)).isNull();
        }
    }

    @Test
    void theMetricsAreInTheRegistryOfSpringBootWithItsTags() {
        try (ConfigurableApplicationContext context = start("management.metrics.tags.application=billing")) {
            context.getBean(StreamLockClient.class).tryAcquire("orders/eu").orElseThrow();
            assertThat(context.getBean(MeterRegistry.class)
                            .get("streamlocks.client.leases")
                            .tag("application", "billing")
                            .gauge()
                            .value())
                    .isEqualTo(1);
        }
    }

    @Test
    void theLocksOfSpringIntegrationAreThere() {
        try (ConfigurableApplicationContext context = start()) {
            assertThat(context.getBeansOfType(StreamLockRegistry.class)).hasSize(1);
        }
    }

    @Test
    void nothingIsThereForAnApplicationWithoutUrls() {
        try (ConfigurableApplicationContext context = new SpringApplicationBuilder(Application.class)
                .web(WebApplicationType.NONE)
                .registerShutdownHook(false)
                .run()) {
            assertThat(List.of(context.getBeanDefinitionNames()))
                    .noneMatch(name -> name.startsWith("streamLock") && !name.contains("AutoConfiguration"));
            assertThat(health(context)).isNull();
        }
    }
}
