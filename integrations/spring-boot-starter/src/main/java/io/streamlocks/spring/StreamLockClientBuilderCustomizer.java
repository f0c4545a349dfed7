package io.streamlocks.spring;

import io.streamlocks.client.StreamLockClient;

/**
 * Changes the settings of the auto-configured client, after those of the properties are set. Each bean of this type is
 * called once, in the order of {@link org.springframework.core.annotation.Order}.
 */
@FunctionalInterface
public interface StreamLockClientBuilderCustomizer {

    /**
     * Changes settings.
     *
     * @param builder the settings so far
     */
    void customize(StreamLockClient.Builder builder);
}
