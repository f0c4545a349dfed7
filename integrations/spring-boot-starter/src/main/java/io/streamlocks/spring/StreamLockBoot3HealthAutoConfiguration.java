package io.streamlocks.spring;

import io.streamlocks.client.StreamLockClient;
import org.springframework.boot.actuate.autoconfigure.health.ConditionalOnEnabledHealthIndicator;
import org.springframework.boot.actuate.health.Health;
import org.springframework.boot.actuate.health.HealthIndicator;
import org.springframework.boot.autoconfigure.AutoConfiguration;
import org.springframework.boot.autoconfigure.condition.ConditionalOnClass;
import org.springframework.boot.autoconfigure.condition.ConditionalOnMissingBean;
import org.springframework.boot.autoconfigure.condition.ConditionalOnSingleCandidate;
import org.springframework.context.annotation.Bean;

/** The health check for Spring Boot 3. {@link StreamLockBoot4HealthAutoConfiguration} is the same for 4. */
@AutoConfiguration(after = StreamLockAutoConfiguration.class)
@ConditionalOnClass({HealthIndicator.class, ConditionalOnEnabledHealthIndicator.class})
@ConditionalOnSingleCandidate(StreamLockClient.class)
@ConditionalOnEnabledHealthIndicator("stream-locks")
public class StreamLockBoot3HealthAutoConfiguration {

    @Bean
    @ConditionalOnMissingBean(name = "streamLocksHealthIndicator")
    HealthIndicator streamLocksHealthIndicator(StreamLockClient client) {
        return () -> Readiness.failure(client)
                .map(failure -> Health.down(failure).build())
                .orElseGet(() -> Health.up().build());
    }
}
