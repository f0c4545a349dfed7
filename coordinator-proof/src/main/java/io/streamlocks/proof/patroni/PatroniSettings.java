package io.streamlocks.proof.patroni;

import io.streamlocks.proof.faults.Settings;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;

/**
 * The settings of the fail-overs. Each is an argument on the command line whose name begins with two dashes.
 *
 * @param load the settings of the load, which are those of the runs under faults
 * @param switchovers the number of switchovers, with and without a synchronous standby
 * @param kills the number of kills of a primary, with and without a synchronous standby
 * @param partitions the number of partitions of a primary from etcd, with and without a synchronous standby
 * @param lagging the number of promotions of a replica that lagged
 * @param patroniTtl how many seconds the leader key of Patroni lives
 */
record PatroniSettings(Settings load, int switchovers, int kills, int partitions, int lagging, int patroniTtl) {

    private static final List<String> OWN = List.of("switchovers", "kills", "partitions", "lagging", "patroni-ttl");

    /** The settings of the load that have an effect here. */
    private static final List<String> LOAD =
            List.of("root", "output", "seed", "workers", "threads", "streams", "ttl-ms", "keep");

    /** Patroni requires at least the second between two looks, and twice the 3 s for which it tries again. */
    private static final int LEAST_TTL = 7;

    /**
     * Reads arguments.
     *
     * @throws IllegalArgumentException if an argument is wrong; the message names it
     */
    static PatroniSettings of(List<String> args) {
        Map<String, String> own = new HashMap<>();
        Map<String, String> load = new HashMap<>(Map.of("workers", "3", "threads", "5"));
        List<String> ofLoad = new ArrayList<>();
        for (int i = 0; i < args.size(); i++) {
            String name = args.get(i).startsWith("--") ? args.get(i).substring(2) : "";
            if (!OWN.contains(name) && !LOAD.contains(name)) {
                throw new IllegalArgumentException("Unknown setting: " + args.get(i));
            }
            if (name.equals("keep")) {
                ofLoad.add("--keep");
            } else if (++i == args.size()) {
                throw new IllegalArgumentException("--" + name + " needs a value");
            } else {
                (OWN.contains(name) ? own : load).put(name, args.get(i));
            }
        }
        load.putIfAbsent(
                "output",
                Path.of(load.getOrDefault("root", "."), "coordinator-proof/target/patroni")
                        .toString());
        load.forEach((name, value) -> ofLoad.addAll(List.of("--" + name, value)));
        return new PatroniSettings(
                Settings.of(ofLoad),
                number(own, "switchovers", 10, 0),
                number(own, "kills", 10, 0),
                number(own, "partitions", 3, 0),
                number(own, "lagging", 3, 0),
                number(own, "patroni-ttl", 12, LEAST_TTL));
    }

    private static int number(Map<String, String> values, String name, int fallback, int least) {
        String value = values.get(name);
        try {
            int number = value == null ? fallback : Integer.parseInt(value);
            if (number >= least) {
                return number;
            }
        } catch (NumberFormatException e) {
            // The exception below reports this as well.
        }
        throw new IllegalArgumentException("--" + name + " must be a whole number, at least " + least);
    }
}
