package io.streamlocks.client;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.catchThrowableOfType;

import com.sun.net.httpserver.HttpExchange;
import io.streamlocks.client.generated.ApiException;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.ServerSocket;
import java.net.SocketTimeoutException;
import java.net.URI;
import java.net.UnknownHostException;
import java.time.Duration;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.stream.LongStream;
import javax.net.ssl.SSLContext;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Tests for how long connections are used, and to which hosts they go. */
class ConnectionsTest extends ScriptedServer {

    private static final Duration SHORT = Duration.ofMillis(5);
    private static final Duration LONG = Duration.ofHours(1);
    private static final Duration PATIENCE = Duration.ofSeconds(30);

    private CoordinatorHttp connect(Duration maxIdle, Duration maxAge) {
        return CoordinatorHttp.connect(uri(), PATIENCE, PATIENCE, Optional.empty(), maxIdle, maxAge);
    }

    /** Returns the ports of calls. More than a short time passes between two of them. */
    private List<InetSocketAddress> callers(CoordinatorHttp by, int calls) throws Exception {
        for (int i = 0; i < calls; i++) {
            by.locks().getLock("s");
            letPass(SHORT.multipliedBy(4));
        }
        return exchanges.stream().map(HttpExchange::getRemoteAddress).toList();
    }

    private static void lease(HttpExchange exchange) throws IOException {
        reply(exchange, 200, "application/json", String.format(Locale.ROOT, LEASE, "s"));
    }

    /** Lets the server name the time after which it closes an idle connection. */
    private void answerWithIdleTimeOut(int seconds) {
        answer(exchange -> {
            exchange.getResponseHeaders().set("Keep-Alive", "timeout=" + seconds);
            lease(exchange);
        });
    }

    private static void letPass(Duration time) {
        long began = System.nanoTime();
        while (System.nanoTime() - began < time.toNanos()) {
            Thread.onSpinWait();
        }
    }

    @Test
    void aConnectionThatWasIdleForTooLongIsNotUsed() throws Exception {
        answer(ConnectionsTest::lease);
        try (CoordinatorHttp http = connect(SHORT, LONG)) {
            assertThat(callers(http, 3)).doesNotHaveDuplicates();
        }
    }

    @Test
    void theIdleTimeOutThatAServerNamesMakesOursShorterAndNotLonger() throws Exception {
        answerWithIdleTimeOut(3600);
        try (CoordinatorHttp http = connect(SHORT, LONG)) {
            assertThat(callers(http, 2)).doesNotHaveDuplicates();
        }
    }

    @ParameterizedTest
    @ValueSource(ints = {0, 1})
    void aConnectionIsNotUsedInTheLastSecondThatAServerGivesIt(int seconds) throws Exception {
        answerWithIdleTimeOut(seconds);
        try (CoordinatorHttp http = connect(LONG, LONG)) {
            assertThat(callers(http, 3)).doesNotHaveDuplicates();
        }
    }

    @Test
    void aConnectionIsUsedBeforeThat() throws Exception {
        answerWithIdleTimeOut(3600);
        try (CoordinatorHttp http = connect(LONG, LONG)) {
            assertThat(callers(http, 3)).containsOnly(exchanges.element().getRemoteAddress());
        }
    }

    /**
     * Common servers and proxies close a connection after 30 s or more. A new server must get its share within minutes.
     */
    @Test
    void byDefaultAConnectionIsIdleForTwentySecondsAndUsedForAMinuteAtMost() {
        assertThat(CoordinatorHttp.MAX_IDLE).isEqualTo(Duration.ofSeconds(20));
        assertThat(CoordinatorHttp.MAX_AGE).isEqualTo(Duration.ofSeconds(60));
    }

    @Test
    void aConnectionIsClosedAfterTheFirstAnswerPastItsAge() throws Exception {
        answer(ConnectionsTest::lease);
        try (CoordinatorHttp http = connect(LONG, SHORT)) {
            List<InetSocketAddress> callers = callers(http, 4);
            assertThat(callers.get(1)).isEqualTo(callers.get(0));
            assertThat(callers.get(2)).isNotEqualTo(callers.get(0));
            assertThat(callers.get(3)).isEqualTo(callers.get(2));
        }
    }

    @Test
    void eachConnectionHasAnAgeOfItsOwn() {
        ConnectionAge ages = new ConnectionAge(Duration.ofSeconds(60));
        List<Long> seconds = LongStream.range(0, 1000)
                .mapToObj(i -> Duration.ofNanos(ages.newAgeNanos()).toSeconds())
                .distinct()
                .sorted()
                .toList();
        assertThat(seconds).hasSizeGreaterThan(15).allMatch(age -> age >= 48 && age < 72);
    }

    /** {@link URI} finds no host in some names of hosts. */
    @ParameterizedTest
    // The resolution of a name may take its time.
    @Timeout(120)
    @ValueSource(strings = {"http://lock_server.invalid:8080", "https://lock_server.invalid", "http://_a.b_.invalid/x"})
    void aHostMayHaveAnUnderscore(String uri) {
        try (CoordinatorHttp http = CoordinatorHttp.connect(URI.create(uri))) {
            ApiException failure =
                    catchThrowableOfType(ApiException.class, () -> http.locks().getLock("s"));

            assertThat(failure)
                    .hasCauseInstanceOf(UnknownHostException.class)
                    .hasMessageContaining(URI.create(uri).getRawAuthority().replaceAll(":.*", ""));
        }
    }

    @Test
    void aServerThatDoesNotShakeHandsIsGivenUpAfterTheConnectTimeOut() throws Exception {
        try (ServerSocket silent = new ServerSocket(0, 1, InetAddress.getLoopbackAddress());
                CoordinatorHttp http = CoordinatorHttp.connect(
                        URI.create("https://127.0.0.1:" + silent.getLocalPort()),
                        Duration.ofMillis(200),
                        LONG,
                        Optional.of(SSLContext.getDefault()))) {
            ApiException failure =
                    catchThrowableOfType(ApiException.class, () -> http.locks().getLock("s"));

            assertThat(failure).hasRootCauseInstanceOf(SocketTimeoutException.class);
        }
    }
}
