package io.streamlocks.proof.faults;

import java.io.IOException;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Random;

/**
 * What is run. Each has a name on the command line, with two dashes before it.
 *
 * @param root of the repository
 * @param output where the report goes
 * @param faults the classes
 * @param namesFaults whether these were asked for, and are not just all there are
 * @param seconds how long each run takes
 * @param runs how many runs of each kind
 * @param seed of the first run; each further one has the next
 * @param databaseUrl of a PostgreSQL of the user's; empty to start one
 * @param coordinators how many
 * @param workers how many
 * @param threads in each worker
 * @param streams how many
 * @param ttl the length of leases
 * @param every how often there is a fault
 * @param keep whether the histories of runs without a violation stay
 */
public record Settings(
        Path root,
        Path output,
        List<FaultClass> faults,
        boolean namesFaults,
        Duration seconds,
        int runs,
        long seed,
        String databaseUrl,
        int coordinators,
        int workers,
        int threads,
        int streams,
        Duration ttl,
        Duration every,
        boolean keep) {

    private static final List<String> NAMES = List.of(
            "root",
            "output",
            "faults",
            "seconds",
            "runs",
            "seed",
            "database-url",
            "coordinators",
            "workers",
            "threads",
            "streams",
            "ttl-ms",
            "every-ms",
            "keep");

    /**
     * Reads arguments.
     *
     * @throws IllegalArgumentException saying what is wrong
     */
    public static Settings of(List<String> args) {
        Map<String, String> values = new HashMap<>();
        for (int i = 0; i < args.size(); i++) {
            String name = args.get(i).startsWith("--") ? args.get(i).substring(2) : "";
            if (!NAMES.contains(name)) {
                throw new IllegalArgumentException("No such setting: " + args.get(i));
            }
            if (name.equals("keep")) {
                values.put(name, "true");
            } else if (++i < args.size()) {
                values.put(name, args.get(i));
            } else {
                throw new IllegalArgumentException("--" + name + " has no value");
            }
        }
        Path root = Path.of(values.getOrDefault("root", ".")).toAbsolutePath().normalize();
        String faults = values.getOrDefault("faults", "");
        return new Settings(
                root,
                Path.of(values.getOrDefault("output", root + "/coordinator-proof/target/report"))
                        .toAbsolutePath(),
                faults.isEmpty()
                        ? List.of(FaultClass.values())
                        : Arrays.stream(faults.split(",")).map(FaultClass::of).toList(),
                !faults.isEmpty(),
                Duration.ofSeconds(number(values, "seconds", 60)),
                number(values, "runs", 1),
                number(values, "seed", new Random().nextInt(1_000_000)),
                values.getOrDefault("database-url", ""),
                number(values, "coordinators", 3),
                number(values, "workers", 8),
                number(values, "threads", 10),
                number(values, "streams", 40),
                Duration.ofMillis(number(values, "ttl-ms", 3000)),
                Duration.ofMillis(number(values, "every-ms", 5000)),
                values.containsKey("keep"));
    }

    private static int number(Map<String, String> values, String name, int fallback) {
        String value = values.get(name);
        try {
            int number = value == null ? fallback : Integer.parseInt(value);
            if (number > 0 || name.equals("seed")) {
                return number;
            }
        } catch (NumberFormatException e) {
            // Answered below.
        }
        throw new IllegalArgumentException("--" + name + " must be a number above 0");
    }

    /** The coordinator that is tested. */
    Path coordinatorJar() {
        return root.resolve("coordinator-server/target/coordinator.jar");
    }

    /** What this program is in. */
    Path ownJar() {
        return root.resolve("coordinator-proof/target/proof.jar");
    }

    /** Why a fault cannot be had here. */
    Optional<String> hindrance(FaultClass fault) throws IOException, InterruptedException {
        if (fault.isOfOwnDatabase() && !databaseUrl.isEmpty()) {
            return Optional.of("the database is not ours");
        }
        if (fault == FaultClass.PARTITION_DATABASE && !reachesDatabaseThroughLinks()) {
            return Optional.of("the database is not at one port of this machine");
        }
        if (fault == FaultClass.WORKER_CLOCK && WorkerClock.library().isEmpty()) {
            return Optional.of("libfaketime is not installed");
        }
        if (fault == FaultClass.DISK_FULL && !Disk.canMount()) {
            return Optional.of("only root can mount a small disk");
        }
        return Optional.empty();
    }

    /** Whether the way of coordinators to the database can fail. */
    boolean reachesDatabaseThroughLinks() {
        return databaseUrl.isEmpty() || DatabaseAddress.of(databaseUrl).isPresent();
    }
}
