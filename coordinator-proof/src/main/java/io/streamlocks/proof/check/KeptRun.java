package io.streamlocks.proof.check;

import java.io.IOException;
import java.nio.file.Path;
import java.util.Locale;

/** Checks a run whose history was kept, and prints the result. */
public final class KeptRun {

    /** The number of violations to print. One fault can cause thousands. */
    private static final int SHOWN = 20;

    private KeptRun() {}

    /**
     * Checks the history and prints its violations.
     *
     * @param directory the directory with the files of the run
     * @return whether there is no violation
     * @throws IOException if a file cannot be read or is not part of a run
     */
    public static boolean check(Path directory) throws IOException {
        Check check = Check.of(directory);
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
