package io.streamlocks.proof.patroni;

import io.streamlocks.proof.history.Fault;
import io.streamlocks.testkit.rig.Link;
import java.io.IOException;
import java.sql.SQLException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Random;
import java.util.concurrent.TimeUnit;

/** Causes fail-overs, measures them, and repairs the cluster after each. One thread at a time may use it. */
final class FailOvers {

    private static final Duration GRANTS = Duration.ofMinutes(1);
    private static final int TRIES = 3;

    private final PatroniCluster cluster;
    private final WriteProbe probe;
    private final HeldLeases leases;
    private final Duration promoted;
    private final Random random;
    private final List<String> anomalies = new ArrayList<>();

    /** @param patroniTtl how many seconds the leader key lives */
    FailOvers(PatroniCluster cluster, WriteProbe probe, HeldLeases leases, int patroniTtl, long seed) {
        this.cluster = cluster;
        this.probe = probe;
        this.leases = leases;
        this.promoted = Duration.ofSeconds(60L + 2L * patroniTtl);
        this.random = new Random(seed);
    }

    /** Returns the failures that were not caused on purpose. */
    List<String> anomalies() {
        return anomalies;
    }

    /** Causes a fail-over. Blocks until both coordinators grant leases again, and the cluster has three nodes again. */
    FailOver cause(FailOverClass kind) throws IOException, InterruptedException, SQLException {
        int lostBefore = leases.lost();
        PatroniNode primary = cluster.awaitHealthy();
        List<PatroniNode> standbys =
                cluster.nodes().stream().filter(node -> node != primary).toList();
        try (PromotionWatch watch = new PromotionWatch(standbys)) {
            // The moment in the loop of Patroni at which the fail-over begins is another one each time.
            TimeUnit.MILLISECONDS.sleep(500 + random.nextInt(1500));
            String beforehand = kind == FailOverClass.LAGGING ? letLag(primary, standbys) : "";
            long start = System.nanoTime();
            switch (kind) {
                case SWITCHOVER -> switchOver(watch);
                case KILL, LAGGING -> primary.kill();
                case PARTITION -> primary.toEtcd().set(Link.State.SILENT);
            }
            PromotionWatch.Promotion promotion = watch.await(promoted);
            if (primary.isPrimary()) {
                anomalies.add(primary.name() + " is still a primary after "
                        + promotion.node().name() + " was promoted");
            }
            List<Double> untilGrants = probe.secondsUntilGrants(promotion.at(), GRANTS);
            repair(kind, primary);
            cluster.awaitHealthy();
            long end = System.nanoTime();
            String what = String.format(
                    Locale.ROOT, "%s: %s after %s%s", kind, promotion.node().name(), primary.name(), beforehand);
            Fault fault = new Fault(Fault.PROMOTION + "-" + kind, what, start, end, null, promotion.at());
            return new FailOver(
                    kind,
                    fault,
                    (promotion.at() - start) / 1e9,
                    untilGrants,
                    probe.longestPause(start, end),
                    leases.lost() - lostBefore);
        }
    }

    private void switchOver(PromotionWatch watch) throws IOException, InterruptedException {
        for (int tries = 1; ; tries++) {
            String written = cluster.switchOver();
            // Patroni may report a failure of a switchover that it completes.
            if (written.contains("Successfully") || watch.isDone()) {
                return;
            }
            if (tries == TRIES) {
                throw new IOException("patronictl switchover failed: " + written);
            }
            cluster.awaitHealthy();
        }
    }

    /** Cuts the WAL off from both standbys, so that the one that is promoted lacks the latest commits. */
    private String letLag(PatroniNode primary, List<PatroniNode> standbys) throws InterruptedException, SQLException {
        primary.toPostgres().set(Link.State.SILENT);
        TimeUnit.MILLISECONDS.sleep(1000 + random.nextInt(2000));
        String written = primary.query("SELECT pg_current_wal_lsn()");
        long lag = Long.MAX_VALUE;
        for (PatroniNode standby : standbys) {
            lag = Math.min(
                    lag,
                    Long.parseLong(standby.query(
                            "SELECT pg_wal_lsn_diff('" + written + "', pg_last_wal_receive_lsn())::bigint")));
        }
        return ", without the last " + lag / 1024 + " kB";
    }

    private void repair(FailOverClass kind, PatroniNode primary) throws IOException, InterruptedException {
        TimeUnit.MILLISECONDS.sleep(random.nextInt(2000));
        switch (kind) {
            case SWITCHOVER -> {}
            case KILL -> primary.start();
            case LAGGING -> {
                // The bytes that the link holds back must not arrive.
                primary.toPostgres().set(Link.State.RESET);
                primary.toPostgres().heal();
                primary.start();
            }
            case PARTITION -> primary.toEtcd().heal();
        }
    }
}
