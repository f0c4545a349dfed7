package io.streamlocks.shedlock;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import io.streamlocks.testkit.rig.ChildProcess;
import io.streamlocks.testkit.rig.Machine;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import java.util.regex.Pattern;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/**
 * Two processes run one job at each tick of the clock, and one of them is killed now and then: while it works, while
 * its lock waits for the end of lockAtLeastFor, or while the other one holds the lock. The job must never run twice at
 * a tick, and it must run at each tick. A tick may be left out only on a busy machine, if a process says that it came
 * too late for it, or that its call had no answer in time. Such a call can still be granted, and then its lock covers
 * the next tick. With {@code -Dshedlock.seconds=300}, this takes 5 minutes instead of a few seconds.
 */
@Tag("postgres")
@Tag("process")
class OncePerTickTest {

    private static final Duration LENGTH = Duration.ofSeconds(Integer.getInteger("shedlock.seconds", 16));
    private static final Duration START = Duration.ofSeconds(60);

    /** A process that is killed later than this in a tick could have begun the next one. */
    private static final Duration LATEST_KILL = Duration.ofMillis(3400);

    @TempDir
    private Path folder;

    private final long seed = System.nanoTime();
    private final Random random = new Random(seed);

    private ChildProcess start(ServerOnPostgres server) throws IOException {
        return ChildProcess.command(
                        Machine.java(),
                        "-XX:TieredStopAtLevel=1",
                        "-XX:+UseSerialGC",
                        "-cp",
                        System.getProperty("java.class.path"),
                        ScheduledJob.class.getName(),
                        server.uri().toString(),
                        ticksFile().toString())
                .name("job")
                .start();
    }

    private Path ticksFile() {
        return folder.resolve("ticks");
    }

    private List<String[]> lines() throws IOException {
        return Files.exists(ticksFile())
                ? Files.readAllLines(ticksFile()).stream()
                        .map(line -> line.split(" "))
                        .toList()
                : List.of();
    }

    private boolean hasRun(long tick) throws IOException {
        return lines().stream().anyMatch(line -> line[0].equals(Long.toString(tick)));
    }

    @Test
    void theJobRunsExactlyOncePerTickWhileProcessesAreKilled() throws Exception {
        try (ServerOnPostgres server = new ServerOnPostgres();
                ChildProcess one = start(server);
                ChildProcess other = start(server)) {
            List<ChildProcess> processes = List.of(one, other);
            for (ChildProcess process : processes) {
                process.awaitOutput(Pattern.compile(ScheduledJob.READY), START);
            }
            long first = ScheduledJob.tick(System.currentTimeMillis()) + 1;
            long last = first + Math.max(3, LENGTH.dividedBy(ScheduledJob.PERIOD));
            int kills = 0;
            List<Long> run = new ArrayList<>();
            for (long tick = first; tick < last; tick++) {
                long current = tick;
                await().atMost(ScheduledJob.PERIOD.multipliedBy(3))
                        .pollInterval(Duration.ofMillis(10))
                        .until(() -> hasRun(current) || ScheduledJob.tick(System.currentTimeMillis()) > current);
                if (!hasRun(tick)) {
                    assertThat(Files.readString(one.log()) + Files.readString(other.log()))
                            .as("tick %s of seed %s", tick, seed)
                            .containsAnyOf(
                                    ScheduledJob.late(tick),
                                    ScheduledJob.unanswered(tick),
                                    ScheduledJob.unanswered(tick - 1));
                    continue;
                }
                run.add(tick);
                if (processes.stream().allMatch(process -> process.output().contains(ScheduledJob.READY))) {
                    kills += killIfInTime(processes.get(random.nextInt(2)), tick);
                }
            }
            System.out.println(run.size() + " of " + (last - first) + " ticks, " + kills + " kills");
            assertThat(kills).isPositive();
            requireOnce(run);
        }
    }

    /** Kills a process at some time in the tick, and starts it again. Returns 0 if it is too late in the tick. */
    private int killIfInTime(ChildProcess process, long tick) throws IOException, InterruptedException {
        long began = tick * ScheduledJob.PERIOD.toMillis();
        long killAt = began + random.nextInt((int) LATEST_KILL.toMillis());
        await().pollInterval(Duration.ofMillis(5)).until(() -> System.currentTimeMillis() >= killAt);
        if (System.currentTimeMillis() - began > LATEST_KILL.toMillis()) {
            return 0;
        }
        process.kill();
        process.start();
        return 1;
    }

    private void requireOnce(List<Long> ticks) throws IOException {
        List<String[]> runs = lines().stream()
                .filter(line -> Long.parseLong(line[0]) >= ticks.get(0))
                .filter(line -> Long.parseLong(line[0]) <= ticks.get(ticks.size() - 1))
                .toList();
        assertThat(runs)
                .as("seed %s", seed)
                .extracting(line -> Long.parseLong(line[0]))
                .containsExactlyElementsOf(ticks);
        assertThat(runs).extracting(line -> Long.parseLong(line[1])).isSorted().doesNotHaveDuplicates();
    }
}
