import java.time.Instant;
import java.util.Map;

/**
 * The number of streams of each owner.
 *
 * @param held by owner id
 */
record Sample(Instant time, Map<String, Long> held) {}
