package io.streamlocks.client.simulation;

import static org.assertj.core.api.Assertions.assertThat;

import ch.qos.logback.classic.Level;
import ch.qos.logback.classic.Logger;
import ch.qos.logback.classic.spi.ILoggingEvent;
import ch.qos.logback.core.AppenderBase;
import io.streamlocks.client.simulation.SimulatedStorage.Judging;
import io.streamlocks.client.simulation.SimulatedStorage.Losses;
import io.streamlocks.client.simulation.SimulatedStorage.Queues;
import io.streamlocks.client.simulation.Simulation.Outcome;
import io.streamlocks.client.simulation.Simulation.World;
import io.streamlocks.testkit.rig.Logback;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.stream.LongStream;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/**
 * Tests the protocol and the client under thousands of schedules of faults. {@code -Dsimulation.seeds=N} runs N
 * schedules, and N / 5 more in which the storage forgets commits. {@code -Dsimulation.seed=N} runs the schedule with this
 * seed, once with each kind of storage, and writes down what happens.
 */
@Tag("simulation")
class SimulationTest {

    private static final Logger CLIENT_LOG = Logback.logger("io.streamlocks.client");
    private static final int CONTROLS = 200;
    private static final int SEEDS = Integer.getInteger("simulation.seeds", 500);

    private static final ErrorsFail ERRORS = new ErrorsFail();

    /** An error in the log of the client means that one of its threads met what it should not. */
    private static final class ErrorsFail extends AppenderBase<ILoggingEvent> {
        /** Errors of threads that belong to no simulation. */
        private final List<String> others = new CopyOnWriteArrayList<>();

        @Override
        protected void append(ILoggingEvent event) {
            String what = event.getThreadName() + " logged: " + event.getFormattedMessage();
            if (Thread.currentThread() instanceof SimulatedThread thread) {
                thread.process().scheduler().fail(new AssertionError(what));
            } else {
                others.add(what);
            }
        }
    }

    @BeforeAll
    static void listen() {
        // There would be millions of warnings, because each fault causes some.
        CLIENT_LOG.setLevel(Level.ERROR);
        CLIENT_LOG.setAdditive(false);
        CLIENT_LOG.addAppender(ERRORS);
        ERRORS.start();
    }

    @AfterAll
    static void listenNoMore() {
        CLIENT_LOG.detachAppender(ERRORS);
        CLIENT_LOG.setAdditive(true);
        CLIENT_LOG.setLevel(null);
    }

    /** A run, and the reason if it failed. */
    private record Run(long seed, Outcome outcome, Throwable failure) {}

    @Test
    @Timeout(3600)
    void noScheduleOfFaultsBreaksAPromise() throws Exception {
        runSound(World.SOUND, SEEDS, "");
    }

    @Test
    @Timeout(3600)
    void noLossOfCommitsBreaksAPromiseThatDoesNotDependOnThem() throws Exception {
        List<Run> runs = runSound(new World(Losses.TOKENS_RAISED), Math.max(1, SEEDS / 5), "-losses");
        if (runs.size() > 1) {
            assertThat(runs).anyMatch(run -> run.outcome().promotions() > 0);
        }
    }

    /** @param suffix distinguishes the file for the events of a single run */
    private static List<Run> runSound(World world, int seeds, String suffix) throws Exception {
        Optional<Long> one = Optional.ofNullable(Long.getLong("simulation.seed"));
        if (one.isPresent()) {
            Trace trace = new Trace(true);
            Run run = run(one.get(), world, trace);
            Path file = Files.write(Path.of("target", "simulation-" + one.get() + suffix + ".txt"), trace.lines());
            System.out.println("Seed " + one.get() + ": " + run.outcome() + ", told in " + file);
            requireSound(run, world);
            return List.of(run);
        }
        List<Run> runs = runAll(seeds, world);
        runs.forEach(run -> requireSound(run, world));
        assertThat(ERRORS.others).isEmpty();
        System.out.println(summary(runs));
        return runs;
    }

    @Test
    void aSeedRepeatsItsRunToTheLastEvent() {
        for (long seed = 1; seed <= 5; seed++) {
            Outcome first = run(seed, World.SOUND, new Trace(false)).outcome();
            assertThat(run(seed, World.SOUND, new Trace(true)).outcome()).isEqualTo(first);
            assertThat(run(seed + 1000, World.SOUND, new Trace(false)).outcome().hash())
                    .isNotEqualTo(first.hash());
        }
    }

    @Test
    void withoutTheFenceAWriteOfAFormerHolderIsAccepted() {
        assertThat(failure(new World(false, 0.04))).hasValueSatisfying(failure -> assertThat(failure)
                .hasMessageStartingWith("Resource: a write under an earlier"));
    }

    @Test
    void clocksThatDifferByMoreThanTheMarginMakeAWorkerBelieveInALeaseThatIsOver() {
        assertThat(failure(new World(true, 0.3))).hasValueSatisfying(failure -> assertThat(failure)
                .hasMessageContaining("believes in a lease that is not live"));
    }

    @ParameterizedTest
    @EnumSource(names = "LOCKED_ROW", mode = EnumSource.Mode.EXCLUDE)
    void aJudgementWithoutTheRowLockRevivesALeaseThatWasReportedAsOver(Judging judging) {
        assertThat(failure(new World(judging))).hasValueSatisfying(failure -> assertThat(failure)
                .hasMessageStartingWith("Storage: a lease that was said to be over was "));
    }

    @Test
    void queuesMoveAlthoughAllReportsOfHandOversAreLost() throws Exception {
        World world = new World(Queues.NO_REPORTS);
        runAll(CONTROLS / 4, world).forEach(run -> requireSound(run, world));
    }

    @Test
    void anAcquireThatIgnoresTheQueueOvertakes() {
        assertThat(failure(new World(Queues.ACQUIRE_OVERTAKES))).hasValueSatisfying(failure -> assertThat(failure)
                .hasMessage("Queue: a caller has overtaken another one that waits"));
    }

    @Test
    void theEndOfACallThatDoesNotNameItEndsALaterCall() {
        assertThat(failure(new World(Queues.LEAVE_ENDS_LATER_CALLS))).hasValueSatisfying(failure -> assertThat(failure)
                .hasMessageMatching(
                        "(Queue: (the queue of|a caller has overtaken)|a free stream is not handed over).*"));
    }

    @Test
    void aStorageThatIsNotAskedToAdvanceLetsCallersWaitForAFreeStream() {
        assertThat(failure(new World(Queues.NO_ADVANCE))).hasValueSatisfying(failure -> assertThat(failure)
                .hasMessageStartingWith("a free stream is not handed over"));
    }

    @Test
    void aServerThatLooksOnlyWhenItReceivesAReportLetsCallersWaitInVain() {
        assertThat(failure(new World(Queues.REPORTS_ONLY))).hasValueSatisfying(failure -> assertThat(failure)
                .hasMessageMatching("(a call waits although|a free stream is not handed over).*"));
    }

    @Test
    void aTokenDoesNotRiseAfterCommitsAreForgottenUnlessTheNewPrimaryRaisesIt() {
        assertThat(failure(new World(Losses.TOKENS_NOT_RAISED)))
                .hasValueSatisfying(failure -> assertThat(failure).hasMessage("Storage: a fencing token did not rise"));
    }

    /** Returns the reason of the first run that fails. One after the other, so that it is the same run each time. */
    private static Optional<Throwable> failure(World world) {
        return LongStream.rangeClosed(1, CONTROLS)
                .mapToObj(seed -> run(seed, world, new Trace(false)).failure())
                .filter(failure -> failure != null)
                .findFirst();
    }

    private static Run run(long seed, World world, Trace trace) {
        try {
            return new Run(seed, new Simulation(seed, world, trace).run(), null);
        } catch (Throwable e) {
            return new Run(seed, null, e);
        }
    }

    /** Uses all cores, one for each run, until one run fails. That run leaves its threads where they are. */
    private static List<Run> runAll(int seeds, World world) throws Exception {
        ExecutorService threads =
                Executors.newFixedThreadPool(Runtime.getRuntime().availableProcessors());
        AtomicBoolean failed = new AtomicBoolean();
        try {
            List<Future<Run>> futures = new ArrayList<>();
            for (long seed : LongStream.rangeClosed(1, seeds).toArray()) {
                futures.add(threads.submit(() -> runUnless(failed, seed, world)));
            }
            List<Run> runs = new ArrayList<>();
            for (int i = 0; i < seeds; i++) {
                Run run = outcome(i + 1, futures.get(i));
                if (run != null) {
                    runs.add(run);
                }
            }
            return runs;
        } finally {
            threads.shutdownNow();
        }
    }

    /** Most runs take a few hundredths of a second. */
    private static Run outcome(long seed, Future<Run> run) throws Exception {
        try {
            return run.get(1, TimeUnit.MINUTES);
        } catch (TimeoutException e) {
            throw new AssertionError("Seed " + seed + " comes to no end", e);
        }
    }

    private static Run runUnless(AtomicBoolean failed, long seed, World world) {
        if (failed.get()) {
            return null;
        }
        Run run = run(seed, world, new Trace(false));
        if (run.failure() != null) {
            failed.set(true);
        }
        return run;
    }

    private static void requireSound(Run run, World world) {
        if (run.failure() != null) {
            throw new AssertionError(
                    "Seed " + run.seed() + " breaks a promise; -Dsimulation.seed=" + run.seed() + " shows how. "
                            + excerpt(run.seed(), world),
                    run.failure());
        }
    }

    /** Runs the same seed again, which fails in the same way, and returns the end of its trace. */
    private static String excerpt(long seed, World world) {
        Trace trace = new Trace(true);
        run(seed, world, trace);
        List<String> lines = trace.lines();
        return String.join("\n", lines.subList(Math.max(0, lines.size() - 40), lines.size()));
    }

    private static String summary(List<Run> runs) {
        long steps = runs.stream().mapToLong(run -> run.outcome().steps()).sum();
        long operations =
                runs.stream().mapToLong(run -> run.outcome().operations()).sum();
        long grants = runs.stream().mapToLong(run -> run.outcome().grants()).sum();
        long handOvers =
                runs.stream().mapToLong(run -> run.outcome().handOvers()).sum();
        long takenOver =
                runs.stream().mapToLong(run -> run.outcome().takenOver()).sum();
        long promotions =
                runs.stream().mapToLong(run -> run.outcome().promotions()).sum();
        long accepted = runs.stream().mapToLong(run -> run.outcome().accepted()).sum();
        long refused = runs.stream().mapToLong(run -> run.outcome().refused()).sum();
        double slowest = runs.stream()
                .mapToDouble(run -> (double) run.outcome().takeover().toNanos()
                        / run.outcome().ttl().toNanos())
                .max()
                .orElse(0);
        return String.format(
                Locale.ROOT,
                "%d schedules without a violation: %,d events, %,d checked operations, %,d grants, %,d of them to waiting"
                        + " callers, %,d places taken over, %,d promotions that forgot commits, %,d writes accepted,"
                        + " %,d held off by the fence; after the faults every stream was served within %.2f ttl",
                runs.size(),
                steps,
                operations,
                grants,
                handOvers,
                takenOver,
                promotions,
                accepted,
                refused,
                slowest);
    }
}
