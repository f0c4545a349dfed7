package io.streamlocks.proof;

import io.streamlocks.proof.abuse.AbuseCampaign;
import io.streamlocks.proof.check.Check;
import io.streamlocks.proof.faults.Campaign;
import io.streamlocks.proof.faults.Settings;
import io.streamlocks.proof.publishing.NoDoublePublishing;
import java.nio.file.Path;
import java.time.ZoneOffset;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import java.util.TimeZone;

/** The command; run.sh and the README tell its use. */
public final class Proof {

    private static final String USAGE = """
            short [settings]   five fault classes, eight seconds each, and the control
            all [settings]     each fault class alone, and all mixed
            run [settings]     the faults of --faults, mixed
            abuse [settings]   attacks by one caller while others renew, on each combination
            abuse-short [settings]  six of them, ten seconds each, on one combination
            check DIRECTORY    checks the history of a run that was kept
            """;

    /** One violation is enough to look at, and one fault can make thousands. */
    private static final int SHOWN = 20;

    private Proof() {}

    /**
     * Exits with 0 if all is as it must be, with 1 if not, and with 2 if it was not understood.
     *
     * @param args a command and its settings
     */
    public static void main(String[] args) throws Exception {
        // The JDBC driver sends the zone at each login, and PostgreSQL does not know all that Java knows.
        TimeZone.setDefault(TimeZone.getTimeZone(ZoneOffset.UTC));
        List<String> rest = Arrays.asList(args).subList(Math.min(1, args.length), args.length);
        try {
            boolean well =
                    switch (args.length == 0 ? "" : args[0]) {
                        case "short" -> Campaign.runShort(Settings.of(rest));
                        case "all" -> Campaign.runAll(Settings.of(rest));
                        case "run" -> Campaign.runMixed(Settings.of(rest));
                        case "abuse" -> AbuseCampaign.run(rest);
                        case "abuse-short" -> AbuseCampaign.runShort(rest);
                        case "publishing" -> NoDoublePublishing.run(System.getenv());
                        case "check" -> check(rest);
                        default -> throw new IllegalArgumentException(USAGE);
                    };
            System.exit(well ? 0 : 1);
        } catch (IllegalArgumentException e) {
            System.err.println(e.getMessage());
            System.exit(2);
        }
    }

    private static boolean check(List<String> args) throws Exception {
        if (args.size() != 1) {
            throw new IllegalArgumentException(USAGE);
        }
        Check check = Check.of(Path.of(args.get(0)));
        check.violations().stream().limit(SHOWN).forEach(System.out::println);
        System.out.printf(
                Locale.ROOT,
                "%d operations checked, %d violations; without the fence %d stale writes were accepted%n",
                check.figures().operations(),
                check.violations().size(),
                check.staleWritesUnfenced());
        return check.violations().isEmpty();
    }
}
