package io.streamlocks.client;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.streamlocks.client.CoordinatorUnavailableException.Answer;
import io.streamlocks.client.LeaseCalls.Acquire;
import io.streamlocks.client.LeaseCalls.Acquired;
import io.streamlocks.client.LeaseCalls.LeaseKey;
import java.net.URI;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.UUID;
import org.junit.jupiter.api.Test;

/** Tests how calls that wait find a server, with servers that answer as the test says and a clock that it moves. */
class FailoverLeaseCallsTest {

    private static final Duration WAIT = Duration.ofSeconds(20);

    private final ManualRuntime runtime = new ManualRuntime() {
        @Override
        double random() {
            return 1;
        }
    };

    private final Map<Integer, Runnable> before = new HashMap<>();
    private final List<String> called = new ArrayList<>();
    private final Servers servers = new Servers(List.of(URI.create("http://zero"), URI.create("http://one")), runtime);
    private final LeaseCalls waits = newWaits();

    private LeaseCalls newWaits() {
        return new FailoverLeaseCalls(
                servers,
                List.of(server("0", 0), server("1", 1)),
                List.of(server("try 0", 0), server("try 1", 1)),
                runtime);
    }

    /** Returns calls to a server that never grants. */
    private LeaseCalls server(String name, int index) {
        return new NoAcquires(runtime) {
            @Override
            List<Acquired> acquireAll(List<Acquire> acquires, Duration wait) {
                called.add(name + " for " + wait.toSeconds() + " s");
                before.getOrDefault(index, () -> {}).run();
                return List.of(new Acquired.Held(Optional.empty()));
            }

            @Override
            List<Release> releaseAll(List<LeaseKey> keys) {
                throw new AssertionError("No lease is to be released");
            }
        };
    }

    private static Runnable failing(Answer answer) {
        return () -> {
            throw new CoordinatorUnavailableException("failed", Optional.empty(), Optional.empty(), answer);
        };
    }

    private List<String> await(LeaseCalls calls) {
        called.clear();
        Acquire acquire =
                new Acquire(new LeaseKey("orders", UUID.randomUUID()), new Owner("worker", Map.of()), Optional.empty());
        calls.acquireAll(List.of(acquire), WAIT);
        return List.copyOf(called);
    }

    @Test
    void aServerThatFailedIsTriedWithoutAWaitFirst() {
        before.put(0, failing(Answer.NONE));
        assertThatThrownBy(() -> await(waits)).isInstanceOf(CoordinatorUnavailableException.class);
        assertThat(await(waits)).containsExactly("1 for 20 s");
        runtime.pass(Servers.FIRST_PAUSE);
        assertThatThrownBy(() -> await(waits)).isInstanceOf(CoordinatorUnavailableException.class);
        assertThat(called).containsExactly("try 0 for 0 s");
        before.clear();
        runtime.pass(Servers.FIRST_PAUSE.multipliedBy(2));
        assertThat(await(waits)).containsExactly("try 0 for 0 s", "0 for 20 s");
        assertThat(await(waits)).containsExactly("0 for 20 s");
    }

    @Test
    void theTimeToConnectIsTakenOffTheWait() {
        before.put(0, () -> {
            runtime.pass(Duration.ofSeconds(3));
            failing(Answer.UNSENT).run();
        });
        assertThat(await(waits)).containsExactly("0 for 20 s", "1 for 17 s");
    }

    @Test
    void aServerWhoseAnswerIsLateIsNotTheNextOneOfAnyWait() {
        await(waits);
        waits.abandon(Duration.ofSeconds(3), QueuePlaces.noAnswer());
        assertThat(await(newWaits())).containsExactly("1 for 20 s");
    }

    @Test
    void aWaitThatThisClientEndsSaysNothingAboutTheServer() {
        before.put(0, () -> {
            waits.close();
            failing(Answer.NONE).run();
        });
        assertThatThrownBy(() -> await(waits)).isInstanceOf(CoordinatorUnavailableException.class);
        before.clear();
        assertThat(await(newWaits())).containsExactly("0 for 20 s");
    }
}
