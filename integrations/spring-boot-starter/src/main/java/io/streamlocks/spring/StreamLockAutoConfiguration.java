package io.streamlocks.spring;

import io.streamlocks.client.StreamLockClient;
import io.streamlocks.client.StreamLockListener;
import java.net.URI;
import java.util.List;
import java.util.Optional;
import org.jspecify.annotations.Nullable;
import org.springframework.beans.factory.ObjectProvider;
import org.springframework.boot.autoconfigure.AutoConfiguration;
import org.springframework.boot.autoconfigure.condition.ConditionalOnMissingBean;
import org.springframework.boot.autoconfigure.ssl.SslAutoConfiguration;
import org.springframework.boot.context.properties.EnableConfigurationProperties;
import org.springframework.boot.ssl.SslBundles;
import org.springframework.context.annotation.Bean;
import org.springframework.context.annotation.Conditional;

/**
 * Makes a {@link StreamLockClient} if {@code stream-locks.urls} is set and the application has none.
 *
 * <p>The client has no phase. Spring destroys its bean after it has stopped all phases, and after it has destroyed the
 * beans that depend on the client. So the web server has drained by then, schedulers and listeners have stopped, and
 * workers have released their leases. In a phase, however late, the client would close before these beans.
 */
@AutoConfiguration(after = SslAutoConfiguration.class)
@Conditional(OnCoordinatorUrls.class)
@EnableConfigurationProperties(StreamLockProperties.class)
public class StreamLockAutoConfiguration {

    @Bean(destroyMethod = "close")
    @ConditionalOnMissingBean
    StreamLockClient streamLockClient(
            StreamLockProperties properties,
            ObjectProvider<SslBundles> sslBundles,
            ObjectProvider<StreamLockListener> listeners,
            ObjectProvider<StreamLockClientBuilderCustomizer> customizers) {
        List<URI> urls = properties.urls();
        StreamLockClient.Builder builder = StreamLockClient.builder(
                urls.get(0), urls.subList(1, urls.size()).toArray(URI[]::new));
        set(properties.ownerId()).ifPresent(builder::ownerId);
        set(properties.ttl()).ifPresent(builder::ttl);
        set(properties.heartbeatInterval()).ifPresent(builder::heartbeatInterval);
        set(properties.requestTimeout()).ifPresent(builder::requestTimeout);
        set(properties.acquireTimeout()).ifPresent(builder::acquireTimeout);
        set(properties.bearerToken()).ifPresent(builder::bearerToken);
        set(properties.ssl().bundle())
                .ifPresent(name -> builder.sslContext(
                        sslBundles.getObject().getBundle(name).createSslContext()));
        builder.labels(properties.labels());
        listeners.orderedStream().forEach(builder::listener);
        customizers.orderedStream().forEach(customizer -> customizer.customize(builder));
        return builder.build();
    }

    /** An empty text is that of a variable without a value, such as {@code ${TOKEN:}}. */
    private static <T> Optional<T> set(@Nullable T value) {
        return Optional.ofNullable(value).filter(some -> !some.equals(""));
    }
}
