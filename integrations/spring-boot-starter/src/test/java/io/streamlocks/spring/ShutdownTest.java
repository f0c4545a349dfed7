package io.streamlocks.spring;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalStateException;

import io.streamlocks.client.HeldLease;
import io.streamlocks.client.StreamLockClient;
import io.streamlocks.client.session.PollLoop;
import io.streamlocks.client.session.SessionRegistry;
import io.streamlocks.client.session.StreamEvent;
import io.streamlocks.testkit.InProcessCoordinator;
import java.util.List;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.atomic.AtomicReference;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.springframework.beans.factory.DisposableBean;
import org.springframework.boot.autoconfigure.AutoConfigurations;
import org.springframework.boot.test.context.runner.ApplicationContextRunner;
import org.springframework.context.SmartLifecycle;
import org.springframework.context.annotation.Bean;
import org.springframework.context.annotation.Configuration;
import org.springframework.scheduling.concurrent.ThreadPoolTaskExecutor;

/** Tests that everything that may use the client has stopped before the client is closed. */
@Timeout(60)
class ShutdownTest {

    @RegisterExtension
    final InProcessCoordinator coordinator = new InProcessCoordinator();

    /** Who has worked while the application stopped. */
    private static final class Stopped {
        private final List<String> names = new CopyOnWriteArrayList<>();
        private final CountDownLatch began = new CountDownLatch(1);

        void work(String name, StreamLockClient client) {
            client.runWithLease("at-the-end/" + name, HeldLease::fencingToken).orElseThrow();
            names.add(name);
            began.countDown();
        }
    }

    /** Works at its stop, in a phase. */
    private record InPhase(int at, Runnable work, AtomicReference<Boolean> running) implements SmartLifecycle {
        @Override
        public void start() {
            running.set(true);
        }

        @Override
        public void stop() {
            running.set(false);
            work.run();
        }

        @Override
        public boolean isRunning() {
            return running.get();
        }

        @Override
        public int getPhase() {
            return at;
        }
    }

    @Configuration(proxyBeanMethods = false)
    static class Application {

        @Bean
        Stopped stopped() {
            return new Stopped();
        }

        /** Spring stops this before the web server. */
        @Bean
        SmartLifecycle first(StreamLockClient client, Stopped stopped) {
            return new InPhase(Integer.MAX_VALUE, () -> stopped.work("first", client), new AtomicReference<>(false));
        }

        /** Spring stops this after all others. */
        @Bean
        SmartLifecycle last(StreamLockClient client, Stopped stopped) {
            return new InPhase(Integer.MIN_VALUE, () -> stopped.work("last", client), new AtomicReference<>(false));
        }

        /** Spring creates it before the client and does not know that its tasks use the client. */
        @Bean
        ThreadPoolTaskExecutor executor() {
            return new ThreadPoolTaskExecutor();
        }

        /** Owns a lease until it is destroyed, as a registry of sessions does. */
        @Bean
        DisposableBean worker(StreamLockClient client, Stopped stopped) {
            HeldLease lease = client.tryAcquire("sessions/1").orElseThrow();
            return () -> {
                lease.requireSafe();
                lease.close();
                stopped.work("worker", client);
            };
        }
    }

    /** The beans of a worker as docs/spring.md shows them. */
    @Configuration(proxyBeanMethods = false)
    static class Sessions {

        @Bean
        Handled handled() {
            return new Handled(new CountDownLatch(1), new CountDownLatch(1), new CopyOnWriteArrayList<>());
        }

        /** The last phase comes before the beans are destroyed. */
        @Bean
        SmartLifecycle last(Handled handled) {
            return new InPhase(Integer.MIN_VALUE, handled.stops()::countDown, new AtomicReference<>(false));
        }

        @Bean
        SessionRegistry<String> registry(StreamLockClient client, Handled handled) {
            return SessionRegistry.<String>builder(client, lease -> event -> handled.handle(event, lease))
                    .build();
        }

        @Bean(initMethod = "start")
        PollLoop<String> loop(SessionRegistry<String> registry) {
            List<StreamEvent<String>> events =
                    List.of(new StreamEvent<>("orders/1", "a"), new StreamEvent<>("orders/1", "b"));
            AtomicReference<List<StreamEvent<String>>> source = new AtomicReference<>(events);
            return PollLoop.builder(registry, () -> source.getAndSet(List.of())).build();
        }
    }

    private record Handled(CountDownLatch began, CountDownLatch stops, List<String> events) {
        void handle(String event, HeldLease lease) throws InterruptedException {
            began.countDown();
            stops.await();
            lease.requireSafe();
            events.add(event);
        }
    }

    @Test
    void sessionsHandleTheirEventsUnderTheirLeasesAndReleaseThem() {
        AtomicReference<Handled> handled = new AtomicReference<>();
        new ApplicationContextRunner()
                .withConfiguration(AutoConfigurations.of(StreamLockAutoConfiguration.class))
                .withPropertyValues("stream-locks.urls=" + coordinator.uri())
                .withUserConfiguration(Sessions.class)
                .run(context -> {
                    handled.set(context.getBean(Handled.class));
                    handled.get().began().await();
                });
        assertThat(handled.get().events()).containsExactly("a", "b");
        assertThat(Held.at(coordinator)).isEqualTo("{\"locks\":[]}");
    }

    @Test
    void theClientIsOpenInEachPhaseAndForTheBeansThatUseIt() {
        AtomicReference<Stopped> stopped = new AtomicReference<>();
        AtomicReference<StreamLockClient> used = new AtomicReference<>();
        new ApplicationContextRunner()
                .withConfiguration(AutoConfigurations.of(StreamLockAutoConfiguration.class))
                .withPropertyValues("stream-locks.urls=" + coordinator.uri())
                .withUserConfiguration(Application.class)
                .run(context -> {
                    StreamLockClient client = context.getBean(StreamLockClient.class);
                    stopped.set(context.getBean(Stopped.class));
                    used.set(client);
                    // Nothing closes this lease but the client.
                    client.tryAcquire("left-behind").orElseThrow();
                    context.getBean(ThreadPoolTaskExecutor.class).submit(() -> {
                        stopped.get().began.await();
                        stopped.get().work("task", client);
                        return null;
                    });
                });
        assertThat(stopped.get().names).containsExactly("first", "task", "last", "worker");
        assertThat(Held.at(coordinator)).isEqualTo("{\"locks\":[]}");
        assertThatIllegalStateException().isThrownBy(() -> used.get().tryAcquire("x"));
    }
}
