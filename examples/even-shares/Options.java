import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.Iterator;
import java.util.List;
import java.util.Map;

/**
 * What the command line says.
 *
 * @param root the repository
 * @param after how long nothing may move after a change
 */
record Options(Path root, int streams, Duration ttl, Duration after, boolean isShort) {

    static Options of(String[] args) {
        Map<String, Integer> numbers = new HashMap<>(Map.of("--streams", 60, "--ttl", 6000, "--after", 10));
        List<String> given = new ArrayList<>(List.of(args).subList(1, args.length));
        boolean isShort = given.remove("--short");
        for (Iterator<String> rest = given.iterator(); rest.hasNext(); ) {
            String name = rest.next();
            String value = rest.hasNext() ? rest.next() : "";
            if (!numbers.containsKey(name) || !value.matches("[1-9]\\d{0,6}")) {
                throw new IllegalArgumentException(name + " is no option, or has no positive number");
            }
            numbers.put(name, Integer.valueOf(value));
        }
        return new Options(
                Path.of(args[0]),
                numbers.get("--streams"),
                Duration.ofMillis(numbers.get("--ttl")),
                Duration.ofSeconds(numbers.get("--after")),
                isShort);
    }

    Duration heartbeat() {
        return ttl.dividedBy(3);
    }

    Duration beats(double count) {
        return Duration.ofMillis((long) (count * heartbeat().toMillis()));
    }

    double inBeats(Duration time) {
        return (double) time.toMillis() / heartbeat().toMillis();
    }

    Duration betweenSamples() {
        return heartbeat().dividedBy(20);
    }

    /** Each stream has two events per second, as long as one machine can take it. */
    int eventsPerSecond() {
        return Math.min(2 * streams, 300);
    }
}
