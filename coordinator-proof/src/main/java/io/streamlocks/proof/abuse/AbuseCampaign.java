package io.streamlocks.proof.abuse;

import io.streamlocks.proof.abuse.Combination.Backend;
import io.streamlocks.proof.abuse.Combination.Way;
import io.streamlocks.proof.abuse.attack.AttackClass;
import io.streamlocks.testkit.rig.PostgresServer;
import java.io.IOException;
import java.nio.file.Files;
import java.sql.SQLException;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/** Attacks that follow each other, on each combination. */
public final class AbuseCampaign {

    /**
     * The settings of the short form: one combination, the most harmful attacks, and a ttl that is short enough for
     * leases to be lost. The long form has the machine for itself, so only that one judges how fast renewals are.
     */
    private static final Map<String, String> SHORT = Map.of(
            "seconds", "10",
            "ttl-ms", "5000",
            "most-p99-ms", "2500",
            "rows", "200000",
            "attacks", "same-lease,stalled-bodies,label-bombs,upgrades,lists,slow-heads",
            "backends", "postgres",
            "paths", "direct",
            "heaps", "512");

    private final AbuseSettings settings;
    private final AbuseReport report;

    private AbuseCampaign(AbuseSettings settings) {
        this.settings = settings;
        this.report = new AbuseReport(settings);
    }

    /**
     * Runs the attacks of the arguments. Returns whether no victim was harmed.
     *
     * @throws IllegalArgumentException if an argument is wrong; the message names it
     */
    public static boolean run(List<String> args) throws IOException, InterruptedException, SQLException {
        return new AbuseCampaign(AbuseSettings.of(args, Map.of())).run();
    }

    /** Runs six attacks on one combination within three minutes, if the arguments do not change that. */
    public static boolean runShort(List<String> args) throws IOException, InterruptedException, SQLException {
        return new AbuseCampaign(AbuseSettings.of(args, SHORT)).run();
    }

    private boolean run() throws IOException, InterruptedException, SQLException {
        Files.createDirectories(settings.output());
        for (Backend backend : settings.backends()) {
            if (backend == Backend.MEMORY) {
                attack(backend, Optional.empty());
            } else {
                try (PostgresServer postgres = PostgresServer.builder()
                        .log(settings.output().resolve("postgres.log"))
                        .start()) {
                    attack(backend, Optional.of(postgres));
                }
            }
        }
        System.out.println(report.markdown());
        System.out.println("The report is in " + settings.output().resolve("abuse.md"));
        return report.isWell();
    }

    private void attack(Backend backend, Optional<PostgresServer> postgres)
            throws IOException, InterruptedException, SQLException {
        for (Way way : settings.paths()) {
            if (way == Way.NGINX && Nginx.program().isEmpty()) {
                report.note("SKIPPED: " + backend + " through nginx, because nginx is not installed");
                continue;
            }
            for (int heap : settings.heaps()) {
                for (AttackClass attack : settings.attacks()) {
                    report.add(new AbuseRun(settings, new Combination(backend, way, heap), attack, postgres).run());
                }
            }
        }
    }
}
