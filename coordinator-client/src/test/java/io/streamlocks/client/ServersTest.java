package io.streamlocks.client;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.streamlocks.client.CoordinatorUnavailableException.Answer;
import java.net.URI;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** Tests which server gets a call, with servers that fail as the test says and a clock that it moves. */
class ServersTest {

    private static final List<URI> URIS =
            List.of(URI.create("http://zero"), URI.create("http://one"), URI.create("http://two"));

    private final ManualRuntime runtime = new ManualRuntime() {
        @Override
        double random() {
            return 1;
        }
    };

    private final Map<Integer, StreamLockException> failing = new HashMap<>();
    private final List<Integer> called = new ArrayList<>();
    private Servers servers;

    @BeforeEach
    void create() {
        servers = new Servers(URIS, runtime);
    }

    private static CoordinatorUnavailableException unavailable(Answer answer) {
        return new CoordinatorUnavailableException("failed", Optional.empty(), Optional.empty(), answer);
    }

    private static CoordinatorUnavailableException status(int status) {
        return unavailable(new Answer(status, Optional.empty(), false));
    }

    private void fail(int server, StreamLockException failure) {
        failing.put(server, failure);
    }

    /** Makes a call. Returns the servers that it went to. */
    private List<Integer> call() {
        called.clear();
        try {
            servers.call(
                    (server, isTry, spent) -> {
                        called.add(server);
                        if (failing.containsKey(server)) {
                            throw failing.get(server);
                        }
                        return server;
                    },
                    () -> false);
        } catch (StreamLockException e) {
            assertThat(failing).containsValue(e);
        }
        return List.copyOf(called);
    }

    @Test
    void aCallGoesToThePreferredServer() {
        assertThat(call()).containsExactly(0);
        assertThat(call()).containsExactly(0);
    }

    @Test
    void aCallThatWasNotSentGoesToTheNextServerAtOnce() {
        fail(0, unavailable(Answer.UNSENT));
        assertThat(call()).containsExactly(0, 1);
        assertThat(call()).containsExactly(1);
        fail(1, unavailable(Answer.UNSENT));
        assertThat(call()).containsExactly(1, 2);
    }

    @Test
    void aCallWithoutAnAnswerFailsAndTheNextOneGoesElsewhere() {
        fail(0, unavailable(Answer.NONE));
        assertThatThrownBy(() -> servers.call(
                        (server, isTry, spent) -> {
                            throw failing.get(0);
                        },
                        () -> false))
                .isSameAs(failing.get(0));
        assertThat(call()).containsExactly(1);
    }

    @Test
    void anAnswerOfTheServerThatItIsUnavailableMovesTheNextCall() {
        for (int status : List.of(500, 502, 503, 504)) {
            create();
            fail(0, status(status));
            assertThat(call()).containsExactly(0);
            assertThat(call()).containsExactly(1);
        }
    }

    @Test
    void aLimitOrARefusalMovesNothing() {
        fail(0, status(429));
        assertThat(call()).containsExactly(0);
        fail(0, new CoordinatorRefusedException("refused", 403, Optional.empty(), Optional.empty()));
        assertThat(call()).containsExactly(0);
        assertThat(call()).containsExactly(0);
    }

    @Test
    void oneCallTriesAServerAfterItsPauseAndTheOthersGoElsewhere() {
        fail(0, status(503));
        call();
        runtime.pass(Servers.FIRST_PAUSE.minusMillis(1));
        assertThat(call()).containsExactly(1);
        runtime.pass(Duration.ofMillis(1));
        List<Integer> beside = new ArrayList<>();
        int first = servers.call(
                (server, isTry, spent) -> {
                    assertThat(isTry).isTrue();
                    for (int i = 0; i < 5; i++) {
                        runtime.pass(Duration.ofSeconds(1));
                        beside.addAll(call());
                    }
                    return server;
                },
                () -> false);
        assertThat(first).isZero();
        assertThat(beside).containsOnly(1).hasSize(5);
    }

    @Test
    void aServerThatWorksAgainGetsAllCallsAgain() {
        fail(0, status(503));
        call();
        failing.clear();
        assertThat(call()).containsExactly(1);
        runtime.pass(Servers.FIRST_PAUSE);
        assertThat(call()).containsExactly(0);
        assertThat(call()).containsExactly(0);
        // Its next failure is again the first one.
        fail(0, status(503));
        call();
        runtime.pass(Servers.FIRST_PAUSE);
        assertThat(call()).containsExactly(0);
    }

    @Test
    void eachFailureInARowDoublesThePauseUpToTheLongest() {
        fail(0, status(503));
        Duration pause = Servers.FIRST_PAUSE;
        for (int failures = 1; failures <= 8; failures++) {
            assertThat(call()).containsExactly(0);
            runtime.pass(pause.minusMillis(1));
            assertThat(call()).containsExactly(1);
            runtime.pass(Duration.ofMillis(1));
            Duration doubled = pause.multipliedBy(2);
            pause = doubled.compareTo(Servers.LONGEST_PAUSE) < 0 ? doubled : Servers.LONGEST_PAUSE;
        }
    }

    @Test
    void callsThatFailTogetherCountOnce() {
        StreamLockException failure = status(503);
        fail(0, failure);
        assertThatThrownBy(() -> servers.call(
                        (server, isTry, spent) -> {
                            runtime.pass(Duration.ofMillis(1));
                            call();
                            throw failure;
                        },
                        () -> false))
                .isSameAs(failure);
        runtime.pass(Servers.FIRST_PAUSE);
        assertThat(call()).containsExactly(0);
    }

    @Test
    void ifNoServerWorksTheCallsTakeTurns() {
        for (int server = 0; server < URIS.size(); server++) {
            fail(server, status(503));
        }
        List<Integer> order = new ArrayList<>();
        for (int i = 0; i < 6; i++) {
            runtime.pass(Duration.ofMillis(10));
            order.addAll(call());
        }
        assertThat(order).startsWith(0, 1, 2).contains(0, 1, 2);
        assertThat(order.subList(3, 6)).containsExactlyInAnyOrder(0, 1, 2);
    }

    @Test
    void ifNoServerCanBeReachedACallTriesEachOnce() {
        for (int server = 0; server < URIS.size(); server++) {
            fail(server, unavailable(Answer.UNSENT));
        }
        assertThat(call()).containsExactly(0, 1, 2);
        assertThat(call()).containsExactlyInAnyOrder(0, 1, 2);
    }

    @Test
    void serversThatHangDoNotHideOneThatWorks() {
        List<Integer> order = new ArrayList<>();
        for (int i = 0; i < 12; i++) {
            try {
                order.add(servers.call(
                        (server, isTry, spent) -> {
                            if (server < 2) {
                                runtime.pass(Duration.ofSeconds(5));
                                throw unavailable(Answer.NONE);
                            }
                            return server;
                        },
                        () -> false));
            } catch (CoordinatorUnavailableException e) {
                order.add(-1);
            }
            runtime.pass(Duration.ofMillis(100));
        }
        assertThat(order.subList(0, 3)).containsExactly(-1, -1, 2);
        assertThat(order.subList(3, 12)).containsOnly(2);
    }

    @Test
    void aCallThatThisClientEndsSaysNothingAboutTheServer() {
        StreamLockException cutOff = unavailable(Answer.NONE);
        assertThatThrownBy(() -> servers.call(
                        (server, isTry, spent) -> {
                            throw cutOff;
                        },
                        () -> true))
                .isSameAs(cutOff);
        assertThat(call()).containsExactly(0);
    }
}
