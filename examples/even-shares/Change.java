import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Optional;

/**
 * A change of the group, and what followed.
 *
 * @param beats until the counts were even, in heartbeats; empty if they did not become even
 * @param limit of the beats
 * @param movedAfter how many streams moved when the counts were even
 */
record Change(
        String label,
        Instant time,
        Optional<Double> beats,
        double limit,
        long moved,
        long fewest,
        long movedAfter) {

    static final String HEADER =
            "change          heartbeats until even  at most   moved  fewest  at most   moved after";

    private static final double MOVES_TO_FEWEST = 1.05;

    /** One more is for the rounding of the shares. */
    private long mostMoves() {
        return (long) Math.floor(fewest * MOVES_TO_FEWEST) + 1;
    }

    String row() {
        return String.format(
                Locale.ROOT,
                "%-15s %21s %8.0f %7d %7d %8d %13d",
                label,
                beats.map(count -> String.format(Locale.ROOT, "%.1f", count)).orElse("never"),
                limit,
                moved,
                fewest,
                mostMoves(),
                movedAfter);
    }

    List<String> missed(boolean judgesTime) {
        List<String> missed = new ArrayList<>();
        if (beats.isEmpty() || judgesTime && beats.get() > limit) {
            missed.add(label + ": the heartbeats until the counts are even");
        }
        if (moved > mostMoves()) {
            missed.add(label + ": the moves");
        }
        if (movedAfter > 0) {
            missed.add(label + ": nothing moves when the counts are even");
        }
        return missed;
    }
}
