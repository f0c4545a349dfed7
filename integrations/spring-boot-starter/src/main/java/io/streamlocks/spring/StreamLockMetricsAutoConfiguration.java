package io.streamlocks.spring;

import io.micrometer.core.instrument.MeterRegistry;
import io.streamlocks.client.metrics.StreamLockMetrics;
import org.springframework.boot.autoconfigure.AutoConfiguration;
import org.springframework.boot.autoconfigure.condition.ConditionalOnClass;
import org.springframework.boot.autoconfigure.condition.ConditionalOnMissingBean;
import org.springframework.boot.autoconfigure.condition.ConditionalOnSingleCandidate;
import org.springframework.context.annotation.Bean;
import org.springframework.context.annotation.Conditional;

/** Makes the metrics of the client if the application has a {@link MeterRegistry}. They listen to the client. */
@AutoConfiguration(
        before = StreamLockAutoConfiguration.class,
        // The registry of Spring Boot 3 and that of Spring Boot 4.
        afterName = {
            "org.springframework.boot.actuate.autoconfigure.metrics.CompositeMeterRegistryAutoConfiguration",
            "org.springframework.boot.micrometer.metrics.autoconfigure.CompositeMeterRegistryAutoConfiguration"
        })
@Conditional(OnCoordinatorUrls.class)
@ConditionalOnClass(MeterRegistry.class)
@ConditionalOnSingleCandidate(MeterRegistry.class)
public class StreamLockMetricsAutoConfiguration {

    @Bean
    @ConditionalOnMissingBean
    StreamLockMetrics streamLockMetrics(MeterRegistry registry) {
        return new StreamLockMetrics(registry);
    }
}
