package io.streamlocks.proof.faults;

import io.streamlocks.proof.process.SteppedClock;
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
 * The settings of a campaign. Each is an argument on the command line whose name begins with two dashes.
 *
 * @param root the root of the repository
 * @param output the directory of the report
 * @param faults the fault classes
 * @param namesFaults whether the user named the fault classes; otherwise they are all that exist
 * @param seconds the length of each run
 * @param runs the number of runs of each kind
 * @param seed the seed of the first run; each further run has the next number
 * @param databaseUrl the user's PostgreSQL; empty to start one
 * @param coordinators the number of coordinators
 * @param workers the number of workers
 * @param threads the number of threads in each worker
 * @param streams the number of streams
 * @param ttl the length of leases
 * @param every the time between the beginnings of two faults
 * @param keep whether the histories of runs without a violation are kept
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
     * @throws IllegalArgumentException if an argument is wrong; the message names it
     */
    public static Settings of(List<String> args) {
        Map<String, String> values = new HashMap<>();
        for (int i = 0; i < args.size(); i++) {
            String name = args.get(i).startsWith("--") ? args.get(i).substring(2) : "";
            if (!NAMES.contains(name)) {
                throw new IllegalArgumentException("Unknown setting: " + args.get(i));
            }
            if (name.equals("keep")) {
                values.put(name, "true");
            } else if (++i < args.size()) {
                values.put(name, args.get(i));
            } else {
                throw new IllegalArgumentException("--" + name + " needs a value");
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
            // The exception below reports this as well.
        }
        throw new IllegalArgumentException("--" + name + " must be a whole number above 0");
    }

    /** Returns the jar of the coordinator under test. */
    Path coordinatorJar() {
        return root.resolve("coordinator-server/target/coordinator.jar");
    }

    /** Returns the jar of this program. */
    Path ownJar() {
        return root.resolve("coordinator-proof/target/proof.jar");
    }

    /** Returns why a fault cannot be injected here. Returns nothing if it can. */
    Optional<String> hindrance(FaultClass fault) throws IOException, InterruptedException {
        if (fault.isOfOwnDatabase() && !databaseUrl.isEmpty()) {
            return Optional.of("the run did not start the database");
        }
        if (fault == FaultClass.PARTITION_DATABASE && !reachesDatabaseThroughLinks()) {
            return Optional.of("the database is not at a single port of this machine");
        }
        if (fault == FaultClass.WORKER_CLOCK && SteppedClock.library().isEmpty()) {
            return Optional.of("libfaketime is not installed");
        }
        if (fault == FaultClass.DISK_FULL && !Disk.canMount()) {
            return Optional.of("only root can mount a small disk");
        }
        return Optional.empty();
    }

    /** Returns whether links lead from the coordinators to the database. */
    boolean reachesDatabaseThroughLinks() {
        return databaseUrl.isEmpty() || DatabaseAddress.of(databaseUrl).isPresent();
    }
}
