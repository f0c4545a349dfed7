package io.streamlocks.proof.abuse;

import io.streamlocks.proof.abuse.Combination.Backend;
import io.streamlocks.proof.abuse.Combination.Way;
import io.streamlocks.proof.abuse.attack.AttackClass;
import io.streamlocks.proof.process.Machine;
import io.streamlocks.proof.process.Postgres;
import io.streamlocks.proof.process.PostgresServer;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.sql.SQLException;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/** Attacks one after the other, on each combination. */
public final class AbuseCampaign {

    /**
     * One combination and the attacks that harm most; a short ttl, so that leases have the time to be lost. How fast renewals
     * are is for the long form to judge, which has the machine for itself.
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
     * Runs what the arguments ask for. Returns whether no victim was harmed.
     *
     * @throws IllegalArgumentException if they are not understood, saying why
     */
    public static boolean run(List<String> args) throws IOException, InterruptedException, SQLException {
        return new AbuseCampaign(AbuseSettings.of(args, Map.of())).run();
    }

    /** The same, within three minutes if the arguments ask for nothing else. */
    public static boolean runShort(List<String> args) throws IOException, InterruptedException, SQLException {
        return new AbuseCampaign(AbuseSettings.of(args, SHORT)).run();
    }

    private boolean run() throws IOException, InterruptedException, SQLException {
        Files.createDirectories(settings.output());
        for (Backend backend : settings.backends()) {
            if (backend == Backend.MEMORY) {
                attack(backend, Optional.empty());
            } else {
                Path data = Files.createTempDirectory("abuse");
                try (PostgresServer postgres = Postgres.startAlone(data, settings.output())) {
                    attack(backend, Optional.of(postgres));
                } finally {
                    delete(data);
                }
            }
        }
        System.out.println(report.markdown());
        System.out.println("The report is in " + settings.output().resolve("abuse.md"));
        return report.isWell();
    }

    private static void delete(Path folder) {
        try {
            Machine.deleteContents(folder);
            Files.delete(folder);
        } catch (IOException e) {
            System.err.println("Could not clean up: " + e);
        }
    }

    private void attack(Backend backend, Optional<PostgresServer> postgres)
            throws IOException, InterruptedException, SQLException {
        for (Way way : settings.paths()) {
            if (way == Way.NGINX && Nginx.program().isEmpty()) {
                report.note("LEFT OUT: " + backend + " through nginx, which is not installed");
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
