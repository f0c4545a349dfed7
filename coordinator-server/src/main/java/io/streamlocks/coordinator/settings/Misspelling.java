package io.streamlocks.coordinator.settings;

import java.util.Collection;
import java.util.Comparator;
import java.util.Optional;
import java.util.regex.Pattern;

/**
 * Finds misspelt names of settings. The environment also contains variables of the platform and of other programs,
 * which must not keep a server from starting: HTTPS_PORT and DATABASE_URL_UNPOOLED are not misspellings.
 */
final class Misspelling {

    /** No other program is known to use these prefixes. HTTP_, DATABASE_ and MANAGEMENT_ are used by others as well. */
    private static final Pattern OURS =
            Pattern.compile("(LOCK|RATE_LIMIT|MAX_LEASES)_.*|SHUTDOWN_DRAIN(_.*)?|COORDINATOR_TOKENS(_.*)?");

    /** People often add or forget these endings. */
    private static final Pattern TAIL = Pattern.compile("_(MS|S|SECONDS|BYTES|SIZE|FILE|PATH|URL|URI|PER_ADDRESS)");

    /** Docker sets these for a link. They repeat the environment of the other container. */
    private static final Pattern OF_A_LINK = Pattern.compile("[^_]+_ENV_.*");

    /** Shorter first words are one letter away from those of others: HTTPS, FTP, SMTP. */
    private static final int LONG_FIRST_WORD = 8;

    /** In a shorter rest, two wrong letters make another word. */
    private static final int LONG_REST = 6;

    private Misspelling() {}

    /**
     * Returns what is wrong with a name that is not the name of a setting.
     *
     * @param name the name of a variable
     * @param value its value
     * @param known the names of all settings
     * @return the problem; empty if the variable is most likely meant for another program
     */
    static Optional<String> of(String name, String value, Collection<String> known) {
        boolean isOfALink = OF_A_LINK.matcher(name).matches() || name.endsWith("_NAME") && value.startsWith("/");
        if (isOfALink || !name.contains("_")) {
            return Optional.empty();
        }
        Comparator<String> byDistance = Comparator.comparingInt(other -> distance(name, other));
        Optional<String> meant =
                known.stream().filter(other -> isMeantFor(name, other)).min(byDistance);
        if (meant.isEmpty() && OURS.matcher(name).matches()) {
            meant = known.stream().min(byDistance);
            if (distance(name, meant.orElseThrow()) > Math.max(5, name.length() / 2)) {
                return Optional.of("is not a setting. Remove it");
            }
        }
        return meant.map(setting -> "is not a setting. Did you mean " + setting + "?");
    }

    private static boolean isMeantFor(String name, String setting) {
        if (!setting.contains("_")) {
            return false;
        }
        return isWithTail(name, setting) || isWithTail(setting, name) || isMistyped(name, setting);
    }

    private static boolean isWithTail(String longer, String shorter) {
        return longer.startsWith(shorter)
                && TAIL.matcher(longer.substring(shorter.length())).matches();
    }

    private static boolean isMistyped(String name, String setting) {
        String first = firstWord(name);
        String firstOfSetting = firstWord(setting);
        String rest = setting.substring(firstOfSetting.length());
        if (first.equals(firstOfSetting)) {
            return distance(name, setting) <= (rest.length() > LONG_REST ? 2 : 1);
        }
        // An extra letter is not a slip: DATABASE2_URL is the URL of another database.
        boolean isSlip =
                first.length() == firstOfSetting.length() && sorted(first).equals(sorted(firstOfSetting))
                        || firstOfSetting.length() >= LONG_FIRST_WORD && first.length() <= firstOfSetting.length();
        return isSlip && distance(first, firstOfSetting) == 1 && name.endsWith(rest);
    }

    private static String firstWord(String name) {
        return name.substring(0, name.indexOf('_'));
    }

    private static String sorted(String word) {
        return word.chars()
                .sorted()
                .collect(StringBuilder::new, StringBuilder::appendCodePoint, StringBuilder::append)
                .toString();
    }

    /** Returns how many insertions, deletions, replacements and swaps of neighbours turn one word into the other. */
    private static int distance(String one, String other) {
        int[][] rows = new int[one.length() + 1][other.length() + 1];
        for (int i = 0; i <= one.length(); i++) {
            for (int j = 0; j <= other.length(); j++) {
                if (i == 0 || j == 0) {
                    rows[i][j] = i + j;
                    continue;
                }
                int replaced = rows[i - 1][j - 1] + (one.charAt(i - 1) == other.charAt(j - 1) ? 0 : 1);
                rows[i][j] = Math.min(replaced, 1 + Math.min(rows[i - 1][j], rows[i][j - 1]));
                if (i > 1
                        && j > 1
                        && one.charAt(i - 1) == other.charAt(j - 2)
                        && one.charAt(i - 2) == other.charAt(j - 1)) {
                    rows[i][j] = Math.min(rows[i][j], rows[i - 2][j - 2] + 1);
                }
            }
        }
        return rows[one.length()][other.length()];
    }
}
