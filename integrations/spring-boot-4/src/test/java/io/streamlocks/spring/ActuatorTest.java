package io.streamlocks.spring;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.concurrent.locks.Lock;
import org.junit.jupiter.api.Test;
import org.springframework.boot.autoconfigure.AutoConfigurations;
import org.springframework.boot.health.actuate.endpoint.HealthDescriptor;
import org.springframework.boot.health.actuate.endpoint.HealthEndpoint;
import org.springframework.boot.health.actuate.endpoint.IndicatedHealthDescriptor;
import org.springframework.boot.test.context.runner.ApplicationContextRunner;
import org.springframework.context.ApplicationContext;
import org.springframework.integration.support.locks.LockRegistry;

/** The same as {@link ActuatorContract}, on Spring Boot 4. */
class ActuatorTest extends ActuatorContract {

    @Override
    String major() {
        return "4";
    }

    @Override
    Status health(ApplicationContext context) {
        HealthDescriptor health = context.getBean(HealthEndpoint.class).healthForPath("streamLocks");
        return health instanceof IndicatedHealthDescriptor one
                ? new Status(one.getStatus().getCode(), one.getDetails())
                : null;
    }

    /** Wants a registry as the components of Spring Integration 7 do. */
    record Wanting(LockRegistry<?> any, LockRegistry<Lock> one) {}

    /** The registry was compiled when the interface had no type parameter. */
    @Test
    void theRegistryIsInjectedWhereATypeParameterIsNamed() {
        new ApplicationContextRunner()
                .withConfiguration(AutoConfigurations.of(
                        StreamLockAutoConfiguration.class, StreamLockRegistryAutoConfiguration.class))
                .withPropertyValues("stream-locks.urls=" + coordinator.uri())
                .withBean(Wanting.class)
                .run(context -> {
                    Wanting wanting = context.getBean(Wanting.class);
                    assertThat(wanting.any())
                            .isInstanceOf(StreamLockRegistry.class)
                            .isSameAs(wanting.one());
                    wanting.one().executeLocked("key", () -> assertThat(Held.at(coordinator))
                            .contains("\"streamId\":\"key\""));
                });
    }
}
