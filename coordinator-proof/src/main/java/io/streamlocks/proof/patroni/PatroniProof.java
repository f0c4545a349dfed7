package io.streamlocks.proof.patroni;

import java.io.IOException;
import java.sql.SQLException;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;

/** The commands of this package. */
public final class PatroniProof {

    private PatroniProof() {}

    /**
     * Runs all parts. Blocks for about 20 minutes.
     *
     * @param args the settings
     * @return whether all checks hold; false if a program is not installed
     */
    public static boolean run(List<String> args) throws IOException, InterruptedException, SQLException {
        PatroniSettings settings = PatroniSettings.of(args);
        List<String> missing = Programs.missing();
        if (!missing.isEmpty()) {
            System.out.println("FAILED: not installed here: " + String.join(", ", missing));
            return false;
        }
        return run(settings, PatroniPart.of(settings), true);
    }

    /**
     * Runs a switchover and a kill. Blocks for about two minutes. Does nothing, and says so, if a program is missing.
     *
     * @param args the settings
     * @return whether all checks hold
     */
    public static boolean runShort(List<String> args) throws IOException, InterruptedException, SQLException {
        PatroniSettings settings = PatroniSettings.of(args);
        List<String> missing = Programs.missing();
        if (!missing.isEmpty()) {
            System.out.println(
                    "SKIPPED: fail-overs by Patroni, because these are not installed: " + String.join(", ", missing));
            return true;
        }
        return run(settings, PatroniPart.ofShort(), false);
    }

    private static boolean run(PatroniSettings settings, List<PatroniPart> parts, boolean judgesTimes)
            throws IOException, InterruptedException, SQLException {
        List<PatroniResult> results = new ArrayList<>();
        PatroniReport report = new PatroniReport(settings, results, judgesTimes);
        for (PatroniPart part : parts) {
            System.out.printf(
                    Locale.ROOT, "%s, seed %d%n", part.name(), settings.load().seed());
            results.add(new PatroniRun(part, settings, Programs.find()).run());
            // A later part may fail, so each part writes the report.
            report.write();
        }
        System.out.println(report.markdown());
        System.out.println("The report is in " + settings.load().output() + "/report.md");
        return report.failures().isEmpty();
    }
}
