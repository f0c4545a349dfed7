package io.streamlocks.spring;

import io.streamlocks.client.StreamLockClient;
import org.springframework.boot.autoconfigure.AutoConfiguration;
import org.springframework.boot.autoconfigure.condition.ConditionalOnClass;
import org.springframework.boot.autoconfigure.condition.ConditionalOnMissingBean;
import org.springframework.boot.autoconfigure.condition.ConditionalOnSingleCandidate;
import org.springframework.boot.context.properties.EnableConfigurationProperties;
import org.springframework.context.annotation.Bean;
import org.springframework.integration.support.locks.LockRegistry;

/** Makes a {@link StreamLockRegistry} if Spring Integration is there and the application has no registry. */
@AutoConfiguration(after = StreamLockAutoConfiguration.class)
@ConditionalOnClass(LockRegistry.class)
@ConditionalOnSingleCandidate(StreamLockClient.class)
@EnableConfigurationProperties(StreamLockProperties.class)
public class StreamLockRegistryAutoConfiguration {

    @Bean
    @ConditionalOnMissingBean(LockRegistry.class)
    StreamLockRegistry streamLockRegistry(StreamLockClient client, StreamLockProperties properties) {
        return new StreamLockRegistry(client, properties.lockRegistry().prefix());
    }
}
