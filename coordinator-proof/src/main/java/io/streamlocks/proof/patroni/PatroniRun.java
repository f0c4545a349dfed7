package io.streamlocks.proof.patroni;

import io.streamlocks.proof.check.Check;
import io.streamlocks.proof.check.RunInfo;
import io.streamlocks.proof.faults.Cluster;
import io.streamlocks.proof.faults.ServiceHistory;
import io.streamlocks.proof.faults.Settings;
import io.streamlocks.proof.history.JsonLines;
import io.streamlocks.proof.process.Cleanup;
import io.streamlocks.proof.process.CoordinatorNode;
import io.streamlocks.testkit.rig.Folders;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.sql.SQLException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.concurrent.TimeUnit;

/** Runs one part: a Patroni cluster, two coordinators, load, fail-overs, and the check of the history. */
final class PatroniRun {

    /** The time without faults at the beginning and at the end. */
    private static final Duration QUIET = Duration.ofSeconds(3);

    private static final Duration READY_AGAIN = Duration.ofSeconds(10);

    private final PatroniPart part;
    private final PatroniSettings settings;
    private final Settings load;
    private final Programs programs;
    private final Path directory;
    private final List<FailOver> failOvers = new ArrayList<>();
    private final List<String> anomalies = new ArrayList<>();
    private int held;
    private int lost;

    PatroniRun(PatroniPart part, PatroniSettings settings, Programs programs) {
        this.part = part;
        this.settings = settings;
        this.load = settings.load();
        this.programs = programs;
        this.directory = load.output().resolve(part.name());
    }

    /** Runs. Blocks for about half a minute, 10 s for each switchover, and half a minute for each other fail-over. */
    PatroniResult run() throws IOException, InterruptedException, SQLException {
        Folders.clear(directory);
        Files.createDirectories(directory);
        String streamPrefix = "patroni-" + Long.toString(System.currentTimeMillis(), 36) + "-";
        RunInfo info;
        try (Cleanup cleanup = new Cleanup()) {
            // The processes would outlive this one if it were told to stop.
            Thread cleaning = new Thread(cleanup::close);
            Runtime.getRuntime().addShutdownHook(cleaning);
            PatroniCluster patroni = cleanup.closeLater(new PatroniCluster(programs, part.synchronous(), directory));
            patroni.start(settings);
            Cluster cluster = cleanup.closeLater(new Cluster(load, directory, streamPrefix, load.seed(), false));
            cluster.start(patroni.accesses());
            info = failOver(patroni, cluster);
            anomalies.addAll(cluster.stopLoad());
            ServiceHistory.save(cluster.coordinators().get(0), streamPrefix, directory.resolve(Check.GRANTS));
            anomalies.addAll(cluster.stopCoordinators());
            Runtime.getRuntime().removeShutdownHook(cleaning);
        }
        JsonLines.write(directory.resolve(Check.FAULTS), PatroniResult.faults(failOvers));
        JsonLines.write(directory.resolve(RunInfo.FILE), List.of(info));
        PatroniResult result = new PatroniResult(part, failOvers, held, lost, anomalies, Check.of(directory));
        if (result.failures(false).isEmpty() && !load.keep()) {
            JsonLines.deleteAll(directory);
        }
        return result;
    }

    private RunInfo failOver(PatroniCluster patroni, Cluster cluster)
            throws IOException, InterruptedException, SQLException {
        long start = System.nanoTime();
        try (HeldLeases leases = new HeldLeases(cluster.coordinators(), "held-" + start + "-");
                WriteProbe probe = new WriteProbe(cluster.coordinators(), "probe-" + start + "-")) {
            TimeUnit.NANOSECONDS.sleep(QUIET.toNanos());
            FailOvers causes = new FailOvers(patroni, probe, leases, settings.patroniTtl(), load.seed());
            for (FailOverClass kind : part.failOvers()) {
                note(causes.cause(kind));
                noteDeaths(patroni, cluster);
            }
            TimeUnit.NANOSECONDS.sleep(QUIET.toNanos());
            for (CoordinatorNode coordinator : cluster.coordinators()) {
                if (!coordinator.becomesReady(READY_AGAIN)) {
                    anomalies.add(coordinator.process().name() + " is not ready at the end");
                }
            }
            noteDeaths(patroni, cluster);
            anomalies.addAll(causes.anomalies());
            held = leases.count();
            lost = leases.lost();
        }
        return new RunInfo(
                start,
                System.nanoTime(),
                load.ttl().toMillis(),
                cluster.coordinators().size());
    }

    private void note(FailOver failOver) {
        failOvers.add(failOver);
        System.out.printf(
                Locale.ROOT,
                "  %s. Promoted after %.1f s. First grants %.2f s (HAProxy) and %.2f s (hosts) after that%n",
                failOver.fault().what(),
                failOver.untilPromoted(),
                failOver.untilGrants().get(0),
                failOver.untilGrants().get(1));
    }

    private void noteDeaths(PatroniCluster patroni, Cluster cluster) throws IOException {
        cluster.deaths().forEach(name -> anomalies.add(name + " ended by itself"));
        patroni.deaths().forEach(name -> anomalies.add(name + " ended by itself"));
    }
}
