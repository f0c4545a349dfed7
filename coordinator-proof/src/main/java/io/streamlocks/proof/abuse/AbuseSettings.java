package io.streamlocks.proof.abuse;

import io.streamlocks.proof.abuse.Combination.Backend;
import io.streamlocks.proof.abuse.Combination.Way;
import io.streamlocks.proof.abuse.attack.AttackClass;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;

/**
 * The settings of a campaign. Each is an argument on the command line whose name begins with two dashes.
 *
 * @param root the root of the repository
 * @param output the directory of the report and of the output of all processes
 * @param seconds the length of each attack
 * @param ttl the length of the victims' leases
 * @param mostP99 the limit for the p99 of the victims' renewals
 * @param rows the number of other locked streams, for attacks that need many
 */
record AbuseSettings(
        Path root,
        Path output,
        Duration seconds,
        Duration ttl,
        Duration mostP99,
        int rows,
        List<AttackClass> attacks,
        List<Backend> backends,
        List<Way> paths,
        List<Integer> heaps) {

    private static final List<String> NAMES = List.of(
            "root", "output", "seconds", "ttl-ms", "most-p99-ms", "rows", "attacks", "backends", "paths", "heaps");

    /**
     * Reads arguments.
     *
     * @param defaults the values of settings that the arguments do not name
     * @throws IllegalArgumentException if an argument is wrong; the message names it
     */
    static AbuseSettings of(List<String> args, Map<String, String> defaults) {
        Map<String, String> values = new HashMap<>(defaults);
        for (int i = 0; i < args.size(); i += 2) {
            String name = args.get(i).startsWith("--") ? args.get(i).substring(2) : "";
            if (!NAMES.contains(name)) {
                throw new IllegalArgumentException("Unknown setting: " + args.get(i));
            }
            if (i + 1 == args.size()) {
                throw new IllegalArgumentException("--" + name + " needs a value");
            }
            values.put(name, args.get(i + 1));
        }
        Path root = Path.of(values.getOrDefault("root", ".")).toAbsolutePath().normalize();
        return new AbuseSettings(
                root,
                Path.of(values.getOrDefault("output", root + "/coordinator-proof/target/abuse"))
                        .toAbsolutePath(),
                Duration.ofSeconds(number("seconds", values.getOrDefault("seconds", "60"))),
                Duration.ofMillis(number("ttl-ms", values.getOrDefault("ttl-ms", "10000"))),
                Duration.ofMillis(number("most-p99-ms", values.getOrDefault("most-p99-ms", "1000"))),
                number("rows", values.getOrDefault("rows", "1000000")),
                list(values.get("attacks"), AttackClass::of, List.of(AttackClass.values())),
                list(values.get("backends"), name -> valueOf(Backend.class, name), List.of(Backend.values())),
                list(values.get("paths"), name -> valueOf(Way.class, name), List.of(Way.values())),
                list(values.get("heaps"), text -> number("heaps", text.replaceFirst("m$", "")), List.of(512, 768)));
    }

    private static <T> List<T> list(@Nullable String text, Function<String, T> read, List<T> fallback) {
        return text == null
                ? fallback
                : Arrays.stream(text.split(",")).map(read).toList();
    }

    private static <E extends Enum<E>> E valueOf(Class<E> type, String name) {
        return Arrays.stream(type.getEnumConstants())
                .filter(one -> one.name().toLowerCase(Locale.ROOT).equals(name))
                .findFirst()
                .orElseThrow(() -> new IllegalArgumentException(
                        name + " must be one of " + Arrays.toString(type.getEnumConstants())));
    }

    private static int number(String name, String text) {
        try {
            int number = Integer.parseInt(text);
            if (number > 0) {
                return number;
            }
        } catch (NumberFormatException e) {
            // The exception below reports this as well.
        }
        throw new IllegalArgumentException("--" + name + " must be a whole number above 0");
    }

    /** Returns the jar of the coordinator under attack. */
    Path coordinatorJar() {
        return root.resolve("coordinator-server/target/coordinator.jar");
    }
}
