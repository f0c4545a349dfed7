package io.streamlocks.proof.faults;

import java.io.IOException;
import java.sql.SQLException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.EnumMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;

/** Runs that follow each other, and the report on all of them. */
public final class Campaign {

    private static final Duration SHORT_PHASE = Duration.ofSeconds(8);

    private final Settings settings;
    private final boolean judgesTimes;
    private final List<RunResult> results = new ArrayList<>();
    private final Map<FaultClass, String> skipped = new EnumMap<>(FaultClass.class);
    private long seed;

    private Campaign(Settings settings, boolean judgesTimes) {
        this.settings = settings;
        this.judgesTimes = judgesTimes;
        this.seed = settings.seed();
    }

    /** Runs five fault classes and the control in one run of 90 s. Returns whether all checks hold. */
    public static boolean runShort(Settings settings) throws IOException, InterruptedException, SQLException {
        Campaign campaign = new Campaign(settings, false);
        List<Run.Phase> phases = new ArrayList<>();
        for (FaultClass fault : campaign.possible(List.of(
                FaultClass.WORKER_KILL,
                FaultClass.COORDINATOR_KILL,
                FaultClass.POSTGRES_KILL,
                FaultClass.ROWS_LOCKED,
                FaultClass.COMMIT_STALLED,
                // The control needs this class.
                FaultClass.WORKER_STOP))) {
            phases.add(new Run.Phase(List.of(fault), SHORT_PHASE));
        }
        campaign.run("short", phases);
        return campaign.report();
    }

    /** Runs each fault class alone, and all mixed. Returns whether all checks hold. */
    public static boolean runAll(Settings settings) throws IOException, InterruptedException, SQLException {
        Campaign campaign = new Campaign(settings, true);
        List<FaultClass> faults = campaign.possible(settings.faults());
        for (FaultClass fault : faults) {
            campaign.repeat(fault.toString(), List.of(fault));
        }
        if (faults.size() > 1) {
            campaign.repeat("mixed", faults);
        }
        return campaign.report();
    }

    /** Runs the faults of the settings, mixed. Returns whether all checks hold. */
    public static boolean runMixed(Settings settings) throws IOException, InterruptedException, SQLException {
        Campaign campaign = new Campaign(settings, true);
        List<FaultClass> faults = campaign.possible(settings.faults());
        if (!faults.isEmpty()) {
            campaign.repeat(faults.size() == 1 ? faults.get(0).toString() : "mixed", faults);
        }
        return campaign.report();
    }

    private List<FaultClass> possible(List<FaultClass> wanted) throws IOException, InterruptedException {
        List<FaultClass> possible = new ArrayList<>();
        for (FaultClass fault : wanted) {
            settings.hindrance(fault).ifPresentOrElse(why -> skipped.put(fault, why), () -> possible.add(fault));
        }
        skipped.forEach((fault, why) -> System.out.println("SKIPPED: " + fault + ", because " + why));
        return possible;
    }

    private void repeat(String name, List<FaultClass> faults) throws IOException, InterruptedException, SQLException {
        for (int i = 1; i <= settings.runs(); i++) {
            run(name + "-" + i, List.of(new Run.Phase(faults, settings.seconds())));
        }
    }

    private void run(String name, List<Run.Phase> phases) throws IOException, InterruptedException, SQLException {
        System.out.printf(Locale.ROOT, "%s, seed %d%n", name, seed);
        results.add(new Run(name, phases, settings, seed++).run());
        // A later run may fail, so each run writes the report.
        Report report = new Report(settings, results, skipped, judgesTimes);
        report.write();
        report.writeTimeline(results.get(results.size() - 1));
    }

    private boolean report() throws IOException {
        Report report = new Report(settings, results, skipped, judgesTimes);
        report.write();
        System.out.println(report.markdown());
        System.out.println("The report is in " + settings.output() + "/report.html and report.md");
        return report.failures().isEmpty();
    }
}
