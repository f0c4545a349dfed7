package io.streamlocks.proof;

import io.streamlocks.proof.abuse.AbuseCampaign;
import io.streamlocks.proof.check.Check;
import io.streamlocks.proof.faults.Campaign;
import io.streamlocks.proof.faults.Settings;
import io.streamlocks.proof.leaks.LeakDrill;
import io.streamlocks.proof.patroni.PatroniProof;
import io.streamlocks.proof.publishing.NoDoublePublishing;
import io.streamlocks.proof.servers.ServersDrill;
import io.streamlocks.proof.tokens.TokenDrill;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;

/** The command line of all proofs. run.sh, publishing.sh and the README describe its use. */
public final class Proof {

    private static final String USAGE = """
            short [settings]   five fault classes, eight seconds each, and the control
            all [settings]     each fault class alone, and all mixed
            run [settings]     the faults of --faults, mixed
            abuse [settings]   attacks by one caller while others renew, on each combination
            abuse-short [settings]  six attacks, ten seconds each, on one combination
            patroni [settings]  switchovers, kills, partitions and lost commits under a real Patroni
            patroni-short [settings]  a switchover and a kill
            leaks [settings]   callers that wait and behave badly; a coordinator must keep nothing of them
            servers [settings] Java clients that know two servers, of which one at a time fails
            tokens [settings]  fail-overs and restores that lose grants; no fencing token may repeat or fall
            publishing         example workers that publish while they are disturbed; the settings are variables
            check DIRECTORY    checks the history of a run that was kept
            """;

    /** The number of violations to print. One fault can cause thousands. */
    private static final int SHOWN = 20;

    private Proof() {}

    /**
     * Exits with 0 if all checks hold, with 1 if not, and with 2 if the arguments are wrong.
     *
     * @param args a command and its settings
     */
    public static void main(String[] args) throws Exception {
        List<String> rest = Arrays.asList(args).subList(Math.min(1, args.length), args.length);
        try {
            boolean well =
                    switch (args.length == 0 ? "" : args[0]) {
                        case "short" -> Campaign.runShort(Settings.of(rest));
                        case "all" -> Campaign.runAll(Settings.of(rest));
                        case "run" -> Campaign.runMixed(Settings.of(rest));
                        case "abuse" -> AbuseCampaign.run(rest);
                        case "abuse-short" -> AbuseCampaign.runShort(rest);
                        case "patroni" -> PatroniProof.run(rest);
                        case "patroni-short" -> PatroniProof.runShort(rest);
                        case "leaks" -> LeakDrill.run(rest);
                        case "servers" -> ServersDrill.run(rest);
                        case "tokens" -> TokenDrill.run(rest);
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
                "%d operations checked, %d violations. Without the fence %d stale writes were accepted.%n",
                check.figures().operations(),
                check.violations().size(),
                check.staleWritesUnfenced());
        return check.violations().isEmpty();
    }
}
