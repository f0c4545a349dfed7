package io.streamlocks.proof.faults;

import io.streamlocks.testkit.rig.Link;
import java.util.Optional;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/** The address of the user's database, if a {@link Link} can lead to it: at one port of this machine. */
record DatabaseAddress(String before, int port, String after) {

    private static final Pattern URL =
            Pattern.compile("(postgres(?:ql)?://(?:[^/?#@]*@)?(?:localhost|127\\.0\\.0\\.1))(?::(\\d+))?([/?].*)?");

    static Optional<DatabaseAddress> of(String url) {
        Matcher matcher = URL.matcher(url);
        return matcher.matches()
                ? Optional.of(new DatabaseAddress(
                        matcher.group(1),
                        matcher.group(2) == null ? 5432 : Integer.parseInt(matcher.group(2)),
                        matcher.group(3) == null ? "" : matcher.group(3)))
                : Optional.empty();
    }

    /** Returns the URL of the same database through another port. */
    String urlThrough(int otherPort) {
        return before + ":" + otherPort + after;
    }
}
