package io.streamlocks.client;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.awaitility.Awaitility.await;

import io.streamlocks.client.LeaseCalls.LeaseKey;
import java.io.IOException;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.UUID;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Tests that a client behind a proxy that changes paths or bodies holds the stream that it asked for, or none. */
class RewritingProxyTest extends ProxiedClient {

    private RewritingProxy rewriting;
    private StreamLockClient worker;

    @BeforeEach
    void startProxy() throws IOException {
        rewriting = new RewritingProxy(server.uri());
        worker = client(StreamLockClient.builder(rewriting.uri())
                .ttl(Duration.ofSeconds(30))
                .acquireTimeout(Duration.ofMillis(500))
                .listener(heard));
    }

    @AfterEach
    void stopProxy() {
        rewriting.changeRequests(body -> body);
        rewriting.changeAnswers(body -> body);
        worker.close();
        rewriting.close();
    }

    @ParameterizedTest
    @ValueSource(strings = {"x/../y2", "orders/eu", "a/./b", "a//b", "..", "a b", "a+b", "a%2Fb"})
    void theStreamThatIsAskedForIsTheOneThatIsHeld(String asked) {
        HeldLease lease = worker.tryAcquire(asked).orElseThrow();

        assertThat(storage.find(asked).orElseThrow().fencingToken()).isEqualTo(lease.fencingToken());
        assertThat(storage.find("y2")).isEmpty();
        assertThat(other().tryAcquire(asked)).isEmpty();

        lease.close();
        assertThat(heard.released).containsExactly(asked);
        assertThat(storage.find(asked)).isEmpty();
    }

    @Test
    void aGrantOfAnotherStreamIsNotAGrantAndIsGivenBack() {
        rewriting.changeRequests(body -> body.replace("x/../y2", "y2"));

        assertThatThrownBy(() -> worker.tryAcquire("x/../y2"))
                .isInstanceOf(CoordinatorUnavailableException.class)
                .hasMessage("The answer is for stream \"y2\", but the call was for stream \"x/../y2\":"
                        + " a proxy or gateway on the way changes paths or bodies");

        assertThat(storage.acquires()).isNotEmpty();
        await().until(() -> storage.find("y2").isEmpty());
        assertThat(heard.lost).isEmpty();
    }

    @Test
    void anAnswerForAnotherLeaseIsNotAGrant() {
        rewriting.changeAnswers(body -> body.replaceAll("\"leaseId\":\"[^\"]*", "\"leaseId\":\"" + UUID.randomUUID()));

        assertThatThrownBy(() -> worker.tryAcquire(streamId))
                .isInstanceOf(CoordinatorUnavailableException.class)
                .hasMessageContaining("another lease of stream \"" + streamId + "\"");
    }

    @Test
    void aRenewalOfAnotherStreamIsNeitherARenewalNorALoss() throws Exception {
        try (CoordinatorHttp http = CoordinatorHttp.connect(rewriting.uri());
                LeaseCalls calls = new HttpLeaseCalls(http, Map::of)) {
            LeaseKey one = new LeaseKey(streamId, UUID.randomUUID());
            LeaseKey two = new LeaseKey("other/" + streamId, UUID.randomUUID());
            Optional<Duration> ttl = Optional.of(Duration.ofMinutes(1));
            calls.acquireAll(
                    List.of(
                            new LeaseCalls.Acquire(one, new Owner("w", Map.of()), ttl),
                            new LeaseCalls.Acquire(two, new Owner("w", Map.of()), ttl)),
                    Duration.ZERO);
            rewriting.changeAnswers(body -> body.replace("other/", "another/"));

            List<LeaseCalls.Renewal> renewals = calls.renew(List.of(one, two));

            assertThat(renewals.get(0)).isInstanceOf(LeaseCalls.Renewal.Renewed.class);
            assertThat(renewals.get(1))
                    .isInstanceOfSatisfying(LeaseCalls.Renewal.Unknown.class, unknown -> assertThat(unknown.cause())
                            .isInstanceOf(CoordinatorUnavailableException.class)
                            .hasMessageContaining("\"another/" + streamId + "\"")
                            .hasMessageContaining("\"other/" + streamId + "\""));
        }
    }

    /** A loss, a release and a refusal contain the stream id that the coordinator has read. */
    @Test
    void theOutcomeOfAnotherStreamIsNotBelieved() throws Exception {
        try (CoordinatorHttp http = CoordinatorHttp.connect(rewriting.uri());
                LeaseCalls calls = new HttpLeaseCalls(http, Map::of)) {
            LeaseKey key = new LeaseKey("x/../" + streamId, UUID.randomUUID());
            LeaseCalls.Acquire acquire =
                    new LeaseCalls.Acquire(key, new Owner("w", Map.of()), Optional.of(Duration.ofMinutes(1)));
            other().tryAcquire(streamId).orElseThrow();
            assertThat(calls.acquireAll(List.of(acquire), Duration.ZERO).get(0))
                    .isInstanceOf(LeaseCalls.Acquired.Granted.class);
            rewriting.changeRequests(body -> body.replace("x/../", ""));

            assertThat(calls.renew(List.of(key)).get(0))
                    .isInstanceOfSatisfying(LeaseCalls.Renewal.Unknown.class, unknown -> assertThat(unknown.cause())
                            .hasMessageContaining("for stream \"" + streamId + "\"")
                            .hasMessageContaining("for stream \"x/../" + streamId + "\""));
            assertThat(calls.releaseAll(List.of(key)).get(0)).isInstanceOf(LeaseCalls.Release.Unknown.class);
            assertThat(calls.acquireAll(List.of(acquire), Duration.ZERO).get(0))
                    .isInstanceOfSatisfying(LeaseCalls.Acquired.Failed.class, failed -> assertThat(failed.cause())
                            .isInstanceOf(CoordinatorUnavailableException.class));

            rewriting.changeRequests(body -> body);
            assertThat(calls.releaseAll(List.of(key)).get(0)).isInstanceOf(LeaseCalls.Release.Released.class);
        }
    }

    @Test
    void aLossFromAnOlderServerThatDoesNotNameTheStreamIsBelieved() throws Exception {
        try (CoordinatorHttp http = CoordinatorHttp.connect(rewriting.uri());
                LeaseCalls calls = new HttpLeaseCalls(http, Map::of)) {
            rewriting.changeAnswers(body -> body.replaceAll(",\"streamId\":\"[^\"]*\"", ""));
            LeaseKey key = new LeaseKey(streamId, UUID.randomUUID());

            assertThat(calls.renew(List.of(key)).get(0)).isInstanceOf(LeaseCalls.Renewal.Lost.class);
            assertThat(calls.releaseAll(List.of(key)).get(0)).isInstanceOf(LeaseCalls.Release.Lost.class);
        }
    }

    @Test
    void aResultWithoutAStatusIsNotAnAnswer() {
        rewriting.changeAnswers(body -> "{\"results\": [{\"status\": 0}]}");

        assertThatThrownBy(() -> worker.tryAcquire(streamId))
                .isInstanceOf(CoordinatorUnavailableException.class)
                .hasMessageEndingWith("status 0");
    }

    @ParameterizedTest
    @ValueSource(strings = {"{\"results\": [null]}", "{\"results\": [{}]}", "{\"results\": []}", "{}"})
    void aResponseWithoutAResultIsNotAnAnswer(String answer) {
        rewriting.changeAnswers(body -> answer);

        assertThatThrownBy(() -> worker.tryAcquire(streamId))
                .isInstanceOf(CoordinatorUnavailableException.class)
                .hasMessage("The answer does not have one result for each item");
    }
}
