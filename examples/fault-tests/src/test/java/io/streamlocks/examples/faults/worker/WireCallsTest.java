package io.streamlocks.examples.faults.worker;

import static org.assertj.core.api.Assertions.assertThat;

import io.streamlocks.examples.faults.history.Answer;
import io.streamlocks.examples.faults.history.Call;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** What an answer on the wire is in the history. */
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
    void aLeaseIsAnAnswerToWhoeverAsksForOne(String kind, Answer answer) throws IOException {
        assertThat(answered(kind, 200, LEASE).answer()).isEqualTo(answer);
    }

    @ParameterizedTest
    @CsvSource({
        "acquire, HELD, USED, UNEXPECTED",
        "renew, UNEXPECTED, UNEXPECTED, LOST",
        "release, UNEXPECTED, UNEXPECTED, LOST"
    })
    void aRefusalIsOneOfItsCallOrUnexpected(String kind, Answer held, Answer used, Answer lost) throws IOException {
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
    void whatTellsNothingIsUnknownOnlyIfItMayBe(int status, Answer answer) throws IOException {
        for (String kind : List.of("acquire", "renew", "release")) {
            assertThat(answered(kind, status, "{'code':'whatever'}").answer()).isEqualTo(answer);
        }
    }

    @Test
    void aBatchThatFailsAsAWholeFailsEachOfItsCalls() throws IOException {
        assertThat(batch(503, "{'code':'overloaded'}")).containsExactly(Answer.UNKNOWN, Answer.UNKNOWN);
        assertThat(batch(500, "{'code':'internal'}")).containsExactly(Answer.UNEXPECTED, Answer.UNEXPECTED);
    }

    @Test
    void anAnswerThatCannotBeReadIsUnexpected() throws IOException {
        assertThat(answered("acquire", 200, "{'fencingToken'").answer()).isEqualTo(Answer.UNEXPECTED);
        assertThat(answered("acquire", 200, "{}").answer()).isEqualTo(Answer.UNEXPECTED);
        assertThat(batch(200, "{'results':[{'status':200,'lease':" + LEASE + "}]}"))
                .containsExactly(Answer.UNEXPECTED, Answer.UNEXPECTED);
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
