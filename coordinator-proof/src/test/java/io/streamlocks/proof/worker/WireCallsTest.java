package io.streamlocks.proof.worker;

import static org.assertj.core.api.Assertions.assertThat;

import io.streamlocks.proof.history.Answer;
import io.streamlocks.proof.history.Call;
import io.streamlocks.proof.history.Kind;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** Tests how a response becomes the result of a call. */
class WireCallsTest {

    private static final String LEASE =
            "{'fencingToken':7,'acquiredAt':'2026-01-01T00:00:00Z','expiresAt':'2026-01-01T00:00:03Z','ttlMs':3000}";
    private static final String HELD = "{'code':'lock-held','holder':{'ownerId':'w2','fencingToken':8}}";
    private static final String USED = "{'code':'lease-id-used'}";
    private static final String LOST = "{'code':'lease-lost','reason':'expired'}";

    private final WireCalls wire = new WireCalls("w1", "run-");

    @Test
    void aLeaseIsReadWithItsTimes() throws IOException {
        Call call = answered("acquire", 200, LEASE);

        assertThat(call.answer()).isEqualTo(Answer.GRANTED);
        assertThat(call.stream()).isEqualTo("s-1");
        assertThat(call.token()).isEqualTo(7);
        assertThat(call.expiresAt() - call.acquiredAt()).isEqualTo(3_000_000);
    }

    @ParameterizedTest
    @CsvSource({"acquire, GRANTED", "renew, RENEWED", "release, UNEXPECTED"})
    void aLeaseIsTheResultOfAnAcquireOrRenewal(String kind, Answer answer) throws IOException {
        assertThat(answered(kind, 200, LEASE).answer()).isEqualTo(answer);
    }

    @ParameterizedTest
    @CsvSource({
        "acquire, HELD, USED, UNEXPECTED",
        "renew, UNEXPECTED, UNEXPECTED, LOST",
        "release, UNEXPECTED, UNEXPECTED, LOST"
    })
    void aRefusalThatDoesNotFitItsCallIsUnexpected(String kind, Answer held, Answer used, Answer lost)
            throws IOException {
        assertThat(answered(kind, 409, HELD).answer()).isEqualTo(held);
        assertThat(answered(kind, 409, USED).answer()).isEqualTo(used);
        assertThat(answered(kind, 410, LOST).answer()).isEqualTo(lost);
    }

    @ParameterizedTest
    @CsvSource({
        "503, UNKNOWN",
        "429, UNKNOWN",
        "500, UNEXPECTED",
        "400, UNEXPECTED",
        "404, UNEXPECTED",
        "409, UNEXPECTED"
    })
    void aResponseWithoutAResultIsUnknownOnlyIfItsStatusIsExpected(int status, Answer answer) throws IOException {
        for (String kind : List.of("acquire", "renew", "release")) {
            assertThat(answered(kind, status, "{'code':'whatever'}").answer()).isEqualTo(answer);
        }
    }

    @Test
    void aCallThatWaitedShowsItsPosition() throws IOException {
        String path = "/v1/locks/run-s-1/acquire";
        List<Call> sent = wire.read(path, bytes("{'leaseId':'a','waitMs':1500}"), 1);
        Call awaited = wire.answered(sent, path, 409, bytes("{'code':'lock-awaited','position':2}"))
                .get(0);

        assertThat(awaited.waitMs()).isEqualTo(1500);
        assertThat(awaited.answer()).isEqualTo(Answer.AWAITED);
        assertThat(awaited.position()).isEqualTo(2);
        assertThat(answered("acquire", 409, HELD).position()).isZero();
    }

    @Test
    void aBatchThatWasGrantedOneStreamHasWaitedLessForTheOthers() throws IOException {
        String path = "/v1/batch/acquire";
        String items = "{'waitMs':1500,'items':[{'streamId':'run-s-1','leaseId':'a'},{'streamId':'run-s-2',"
                + "'leaseId':'b'}]}";
        String held = "{'status':409,'problem':{'code':'lock-awaited','position':1}}";
        List<Call> sent = wire.read(path, bytes(items), 1);

        assertThat(wire.answered(
                        sent, path, 200, bytes("{'results':[{'status':200,'lease':" + LEASE + "}," + held + "]}")))
                .extracting(Call::position)
                .containsExactly(0, 0);
        assertThat(wire.answered(sent, path, 200, bytes("{'results':[" + held + "," + held + "]}")))
                .extracting(Call::position)
                .containsExactly(1, 1);
    }

    @Test
    void aBatchThatFailsAsAWholeFailsEachOfItsCalls() throws IOException {
        assertThat(batch(503, "{'code':'overloaded'}")).containsExactly(Answer.UNKNOWN, Answer.UNKNOWN);
        assertThat(batch(500, "{'code':'internal'}")).containsExactly(Answer.UNEXPECTED, Answer.UNEXPECTED);
    }

    @Test
    void aResponseThatIsNotJsonIsUnexpected() throws IOException {
        assertThat(answered("acquire", 200, "{'fencingToken'").answer()).isEqualTo(Answer.UNEXPECTED);
        assertThat(answered("acquire", 200, "{}").answer()).isEqualTo(Answer.UNEXPECTED);
        assertThat(batch(200, "{'results':[{'status':200,'lease':" + LEASE + "}]}"))
                .containsExactly(Answer.UNEXPECTED, Answer.UNEXPECTED);
    }

    @Test
    void anUnknownItemOfABatchDoesNotChangeTheOthers() throws IOException {
        String blocked = "{'status':503,'problem':{'code':'storage-unavailable'}}";

        assertThat(batch(200, "{'results':[" + blocked + ",{'status':200,'lease':" + LEASE + "}]}"))
                .containsExactly(Answer.UNKNOWN, Answer.GRANTED);
    }

    @ParameterizedTest
    @CsvSource({
        "7, 200, LIVE",
        "6, 200, LOST",
        "8, 200, UNEXPECTED",
        "7, 404, LOST",
        "7, 503, UNKNOWN",
        "7, 500, UNEXPECTED"
    })
    void aLookComparesTheTokenOfTheLease(long token, int status, Answer answer) {
        String body = status == 200 ? LEASE : status == 404 ? "{'code':'not-locked'}" : "{'code':'whatever'}";

        assertThat(read(Kind.LOOK, token, status, body).answer()).isEqualTo(answer);
    }

    @Test
    void aLookAtAWrongPathIsUnexpected() {
        assertThat(read(Kind.LOOK, 7, 404, "{'code':'not-found'}").answer()).isEqualTo(Answer.UNEXPECTED);
    }

    @Test
    void historyShowsWhetherAndWhenALeaseEnded() {
        String over = "{'fencingToken':6,'acquiredAt':'2026-01-01T00:00:00Z','endedAt':'2026-01-01T00:00:03Z',"
                + "'endReason':'expired'}";
        String body = "{'grants':[{'fencingToken':7,'acquiredAt':'2026-01-01T00:00:04Z'}," + over + "]}";
        Call ended = read(Kind.HISTORY, 6, 200, body);

        assertThat(ended.answer()).isEqualTo(Answer.LOST);
        assertThat(ended.detail()).isEqualTo("expired");
        assertThat(ended.expiresAt() - ended.acquiredAt()).isEqualTo(3_000_000);
        assertThat(read(Kind.HISTORY, 7, 200, body).answer()).isEqualTo(Answer.UNKNOWN);
        assertThat(read(Kind.HISTORY, 5, 200, body).answer()).isEqualTo(Answer.UNKNOWN);
    }

    @Test
    void aReadGoesToItsStream() {
        assertThat(wire.path(Kind.LOOK, "s-1")).isEqualTo("/v1/locks/run-s-1");
        assertThat(wire.path(Kind.HISTORY, "s-1")).isEqualTo("/v1/locks/run-s-1/history");
    }

    private Call read(Kind kind, long token, int status, String body) {
        List<Call> calls = List.of(wire.reading(kind, "s-1", "a", token, 1));
        return wire.answered(calls, wire.path(kind, "s-1"), status, bytes(body)).get(0);
    }

    private Call answered(String kind, int status, String body) throws IOException {
        String path = "/v1/locks/run-s-1/" + kind;
        return wire.answered(wire.read(path, bytes("{'leaseId':'a'}"), 1), path, status, bytes(body))
                .get(0);
    }

    private List<Answer> batch(int status, String body) throws IOException {
        String path = "/v1/batch/acquire";
        String items = "{'items':[{'streamId':'run-s-1','leaseId':'a'},{'streamId':'run-s-2','leaseId':'b'}]}";
        return wire.answered(wire.read(path, bytes(items), 1), path, status, bytes(body)).stream()
                .map(Call::answer)
                .toList();
    }

    private static byte[] bytes(String json) {
        return json.replace('\'', '"').getBytes(StandardCharsets.UTF_8);
    }
}
