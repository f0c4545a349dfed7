package io.streamlocks.proof.check;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import io.streamlocks.proof.history.Answer;
import io.streamlocks.proof.history.Call;
import io.streamlocks.proof.history.Fault;
import io.streamlocks.proof.history.JsonLines;
import io.streamlocks.proof.history.Kind;
import io.streamlocks.proof.history.Write;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class CheckTest {

    @TempDir
    private Path directory;

    @Test
    void theLineWithTheResponseReplacesTheLineOfTheRequestAndATornLineIsLeftOut() throws IOException {
        StreamHistory history =
                new Events().acquired("w1", "a", 1, 1.2, 7).live("w1", 7, 1.1).build();
        Call answered = history.calls().get(0);
        Call sent = Call.sent("c-0", "w1", Kind.ACQUIRE, Events.STREAM, "a", 1);
        Path calls = directory.resolve(Check.CALLS + "w1.jsonl");
        try (JsonLines lines = new JsonLines(calls)) {
            lines.append(List.of(sent));
            lines.append(List.of(answered));
        }
        Files.writeString(calls, "{\"id\":\"c-1\",\"stream\":\"s-", StandardOpenOption.APPEND);
        JsonLines.write(directory.resolve(Check.GRANTS), history.grants());
        JsonLines.write(directory.resolve(RunInfo.FILE), List.of(new RunInfo(0, Events.nanos(10), 3000, 1)));

        Check check = Check.of(directory);

        assertThat(check.violations()).isEmpty();
        assertThat(check.figures().operations()).isEqualTo(1);
        assertThat(check.figures().answers()).containsExactly(Map.entry("acquire granted", 1L));
    }

    @Test
    void staleWritesToAResourceWithoutAFenceAreTheControlAndNoViolation() throws IOException {
        JsonLines.write(
                directory.resolve(Check.WRITES_UNFENCED),
                List.of(new Write("s-1", 1, 8, "w2"), new Write("s-1", 1, 7, "w1")));
        JsonLines.write(directory.resolve(RunInfo.FILE), List.of(new RunInfo(0, 10, 3000, 1)));

        Check check = Check.of(directory);

        assertThat(check.violations()).isEmpty();
        assertThat(check.staleWritesUnfenced()).isOne();
        assertThat(check.lostUpdatesUnfenced()).isOne();
    }

    @Test
    void lostCommitsExplainAGrantThatTheHistoryLacksButNoTokenThatFalls() throws IOException {
        JsonLines.write(
                directory.resolve(Check.CALLS + "w1.jsonl"),
                new Events()
                        .acquired("w1", "a", 1, 1.2, 7)
                        .acquired("w2", "b", 2, 2.2, 9)
                        .build()
                        .calls());
        JsonLines.write(
                directory.resolve(Check.GRANTS),
                new Events().live("w2", 9, 2.1).build().grants());
        JsonLines.write(
                directory.resolve(Check.WRITES),
                List.of(new Write(Events.STREAM, 1, 9, "w2"), new Write(Events.STREAM, 2, 7, "w1")));
        JsonLines.write(directory.resolve(RunInfo.FILE), List.of(new RunInfo(0, Events.nanos(10), 3000, 1)));

        Check check = Check.of(directory);

        assertThat(check.lostGrants()).isOne();
        assertThat(check.violations())
                .extracting(Violation::rule)
                .contains(LeaseRules.NO_OVERLAP, ServiceRules.HAS_ALL, ResourceRules.GRANTED);
        assertThat(check.violationsDespiteLostCommits())
                .extracting(Violation::rule)
                .containsExactly(ResourceRules.TOKEN_FELL);
    }

    @Test
    void aDirectoryWithoutARunIsRejected() {
        assertThatThrownBy(() -> Check.of(directory)).hasMessageContaining("does not contain the history of a run");
    }

    @Test
    void aTakeoverLastsFromTheKillToTheNextGrantOfAStreamThatTheWorkerHeld() {
        Fault kill = new Fault("worker-kill", "killed w1", Events.nanos(2), Events.nanos(3), "w1", 0);
        Figures figures = new Figures(new RunInfo(0, Events.nanos(20), 3000, 1), List.of(kill));
        figures.add(new Events()
                .acquired("w1", "a", 1, 1.2, 7)
                .acquired("w2", "b", 4.2, 4.4, 8)
                .build());
        // The worker had begun to release this lease.
        figures.add(new Events()
                .acquired("w1", "a", 1, 1.2, 7)
                .unknown("w1", Kind.RELEASE, "a", 1.5)
                .acquired("w2", "b", 4.2, 4.4, 8)
                .build());

        assertThat(figures.takeovers()).containsExactly(2.4);
    }

    @Test
    void theDatabaseIsBackWhenTheLastCoordinatorSucceedsAndNeverIfOneDoesNot() {
        Fault kill = new Fault("postgres-kill", "killed", Events.nanos(1), Events.nanos(2), null, Events.nanos(2));
        StreamHistory history = new Events().acquired("w1", "a", 2.3, 2.5, 7).build();
        Figures one = new Figures(new RunInfo(0, Events.nanos(20), 3000, 1), List.of(kill));
        one.add(history);
        Figures two = new Figures(new RunInfo(0, Events.nanos(20), 3000, 2), List.of(kill));
        two.add(history);

        assertThat(one.databaseBacks(1)).containsExactly(0.5);
        assertThat(two.databaseBacks(2)).containsExactly(18.0);
    }

    @Test
    void theDatabaseIsNotBackForACoordinatorBeforeEverythingElseIs() {
        Fault kill = new Fault("postgres-kill", "killed", Events.nanos(1), Events.nanos(2), null, Events.nanos(2));
        Fault cut = new Fault("partition-database", "cut", Events.nanos(1.5), Events.nanos(4), null, Events.nanos(4));
        Fault later = new Fault("latency", "delayed", Events.nanos(6), Events.nanos(9), null, 0);
        Figures figures = new Figures(new RunInfo(0, Events.nanos(20), 3000, 1), List.of(kill, cut, later));
        figures.add(new Events()
                .acquired("w1", "a", 2.3, 2.5, 7)
                .acquired("w1", "b", 4.5, 4.6, 8)
                .build());

        assertThat(figures.databaseBacks(1)).hasSize(2).allSatisfy(seconds -> assertThat(seconds)
                .isCloseTo(0.6, within(0.001)));
    }

    @Test
    void aTakeoverIsMeasuredOnlyIfNothingElseFailsAtTheTime() {
        Fault kill = new Fault("worker-kill", "killed w1", Events.nanos(2), Events.nanos(2.1), "w1", 0);
        Fault cut = new Fault("partition-workers", "cut", Events.nanos(3), Events.nanos(5), null, 0);
        Fault later = new Fault("partition-workers", "cut", Events.nanos(7), Events.nanos(9), null, 0);
        StreamHistory history = new Events()
                .acquired("w1", "a", 1, 1.2, 7)
                .acquired("w2", "b", 4.2, 4.4, 8)
                .build();
        Figures disturbed = new Figures(new RunInfo(0, Events.nanos(20), 3000, 1), List.of(kill, cut));
        disturbed.add(history);
        Figures alone = new Figures(new RunInfo(0, Events.nanos(20), 3000, 1), List.of(kill, later));
        alone.add(history);

        assertThat(disturbed.takeovers()).isEmpty();
        assertThat(alone.takeovers()).containsExactly(2.4);
    }

    @Test
    void onlySecondsWithoutAFaultCountAsUndisturbed() {
        Fault fault = new Fault("worker-kill", "killed w9", Events.nanos(2), Events.nanos(3), "w9", 0);
        Figures figures = new Figures(new RunInfo(0, Events.nanos(6), 3000, 1), List.of(fault));
        figures.add(new Events()
                .published("w1", 1, 7, 0.1, 0.2, Answer.ACCEPTED)
                .published("w1", 2, 7, 0.3, 0.4, Answer.ACCEPTED)
                .published("w1", 3, 7, 2.3, 2.4, Answer.ACCEPTED)
                .build());

        // These are seconds 0, 1, 4 and 5.
        assertThat(figures.undisturbedPerSecond()).isEqualTo(0.5);
    }
}
