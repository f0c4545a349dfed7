package io.streamlocks.spring;

import org.springframework.boot.actuate.health.Health;
import org.springframework.boot.actuate.health.HealthComponent;
import org.springframework.boot.actuate.health.HealthEndpoint;
import org.springframework.context.ApplicationContext;

/** The same as {@link ActuatorContract}, on Spring Boot 3. */
class ActuatorTest extends ActuatorContract {

    @Override
    String major() {
        return "3";
    }

    @Override
    Status health(ApplicationContext context) {
        HealthComponent health = context.getBean(HealthEndpoint.class).healthForPath("streamLocks");
        return health instanceof Health one ? new Status(one.getStatus().getCode(), one.getDetails()) : null;
    }
}
