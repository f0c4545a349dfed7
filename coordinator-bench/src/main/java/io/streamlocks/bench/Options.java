package io.streamlocks.bench;

import java.time.Duration;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.List;
import java.util.Locale;
import java.util.stream.Stream;

/**
 * The options of the command line.
 *
 * @param command the command
 * @param contenders the contenders
 * @param measures the measures
 * @param workers the numbers of workers; empty for the default
 * @param warmUp the warm-up before each measurement
 * @param time the length of each measurement
 * @param rounds the number of rounds
 * @param million the settings of the command million
 * @param soak the settings of the command soak
 * @param handOvers the number of hand-overs of each kind of the command quiet
 * @param waiters the settings of the command waiters
 */
record Options(
        Command command,
        List<String> contenders,
        List<String> measures,
        List<Integer> workers,
        Duration warmUp,
        Duration time,
        int rounds,
        MillionOptions million,
        SoakOptions soak,
        int handOvers,
        WaitersOptions waiters) {

    static final List<String> CONTENDERS =
            List.of("coordinator", "jdbc", "shedlock", "etcd", "zookeeper", "redis", "polling");

    /** Another version of the coordinator, which is measured only if it is named. */
    static final String PREVIOUS = "previous";

    private static final List<String> ALL_CONTENDERS =
            Stream.concat(CONTENDERS.stream(), Stream.of(PREVIOUS)).toList();

    static final List<String> MEASURES = List.of(
            "cycles",
            "plain",
            "processes",
            "history",
            "batches",
            "heartbeats",
            "growth",
            "handover",
            "latency",
            "warm");

    static final String USAGE =
            String.format(Locale.ROOT, """
            Usage: bench [compare] [--only %s] [--measure %s]
                         [--workers 1,16,64,256] [--seconds 10] [--warmup 3] [--rounds 3]
                   bench million [--workers 1000] [--seconds 600] [--cycles 500]
                   bench soak [--seconds 3600] [--cycles 7000]
                   bench quiet [--handovers 30]
                   bench waiters [--waiters 10000] [--seconds 60]
                   bench train [--seconds 5]
                   bench short""", String.join(",", ALL_CONTENDERS), String.join(",", MEASURES));

    /** The commands. */
    enum Command {
        COMPARE,
        MILLION,
        SOAK,
        QUIET,
        WAITERS,
        TRAIN,
        SHORT
    }

    /**
     * The settings of the command million.
     *
     * @param workers the number of workers, which have a thousand leases each
     * @param time the time for which they renew
     * @param cyclesPerSecond the number of cycles per second on other streams
     */
    record MillionOptions(int workers, Duration time, int cyclesPerSecond) {}

    /**
     * The settings of the command soak.
     *
     * @param time the length
     * @param cyclesPerSecond the number of cycles per second
     */
    record SoakOptions(Duration time, int cyclesPerSecond) {}

    /**
     * The settings of the command waiters.
     *
     * @param waiters the number of waiters
     * @param time the length
     */
    record WaitersOptions(int waiters, Duration time) {}

    /** The arguments are wrong. The message names the argument. */
    static final class UsageException extends Exception {
        private static final long serialVersionUID = 1L;

        UsageException(String message) {
            super(message);
        }
    }

    static Options parse(String... args) throws UsageException {
        Deque<String> rest = new ArrayDeque<>(List.of(args));
        Command command = Command.COMPARE;
        if (!rest.isEmpty() && !rest.peek().startsWith("-")) {
            command = command(rest.pop());
        }
        List<String> contenders = command == Command.SHORT ? List.of("coordinator", "jdbc") : CONTENDERS;
        List<String> measures = MEASURES;
        List<Integer> workers = List.of();
        int warmUp = command == Command.SHORT ? 1 : 3;
        int seconds =
                switch (command) {
                    case COMPARE -> 10;
                    case MILLION -> 600;
                    case SOAK -> 3600;
                    case WAITERS -> 60;
                    case TRAIN -> 5;
                    case QUIET, SHORT -> 1;
                };
        int rounds = command == Command.SHORT ? 1 : 3;
        int cycles = command == Command.SOAK ? 7000 : 500;
        int handOvers = command == Command.SHORT ? 3 : 30;
        int waiters = 10_000;
        while (!rest.isEmpty()) {
            String name = rest.pop();
            if (!allowed(command, name)) {
                throw new UsageException("unknown option " + name + " for this command");
            }
            if (rest.isEmpty()) {
                throw new UsageException(name + " needs a value");
            }
            String value = rest.pop();
            switch (name) {
                case "--only" -> contenders = names(name, value, ALL_CONTENDERS);
                case "--measure" -> measures = names(name, value, MEASURES);
                case "--workers" -> workers = numbers(name, value);
                case "--seconds" -> seconds = number(name, value, 1);
                case "--warmup" -> warmUp = number(name, value, 0);
                case "--rounds" -> rounds = number(name, value, 1);
                case "--handovers" -> handOvers = number(name, value, 1);
                case "--waiters" -> waiters = number(name, value, 1);
                default -> cycles = number(name, value, 0);
            }
        }
        if (command == Command.MILLION && workers.size() > 1) {
            throw new UsageException("--workers must be a single number for this command");
        }
        MillionOptions million =
                switch (command) {
                    case MILLION ->
                        new MillionOptions(
                                workers.isEmpty() ? 1000 : workers.get(0), Duration.ofSeconds(seconds), cycles);
                    default -> new MillionOptions(20, Duration.ofSeconds(15), 50);
                };
        return new Options(
                command,
                contenders,
                measures,
                workers,
                Duration.ofSeconds(warmUp),
                Duration.ofSeconds(seconds),
                rounds,
                million,
                command == Command.SOAK
                        ? new SoakOptions(Duration.ofSeconds(seconds), cycles)
                        : new SoakOptions(Duration.ofSeconds(6), 50),
                handOvers,
                command == Command.WAITERS
                        ? new WaitersOptions(waiters, Duration.ofSeconds(seconds))
                        : new WaitersOptions(200, Duration.ofSeconds(3)));
    }

    private static Command command(String name) throws UsageException {
        return switch (name) {
            case "compare" -> Command.COMPARE;
            case "million" -> Command.MILLION;
            case "soak" -> Command.SOAK;
            case "quiet" -> Command.QUIET;
            case "waiters" -> Command.WAITERS;
            case "train" -> Command.TRAIN;
            case "short" -> Command.SHORT;
            default -> throw new UsageException("unknown command " + name);
        };
    }

    private static boolean allowed(Command command, String option) {
        return switch (command) {
            case COMPARE ->
                List.of("--only", "--measure", "--workers", "--seconds", "--warmup", "--rounds")
                        .contains(option);
            case MILLION -> List.of("--workers", "--seconds", "--cycles").contains(option);
            case SOAK -> List.of("--seconds", "--cycles").contains(option);
            case QUIET -> option.equals("--handovers");
            case WAITERS -> List.of("--waiters", "--seconds").contains(option);
            case TRAIN -> option.equals("--seconds");
            case SHORT -> false;
        };
    }

    private static List<String> names(String option, String value, List<String> known) throws UsageException {
        List<String> names = List.of(value.split(","));
        for (String name : names) {
            if (!known.contains(name)) {
                throw new UsageException(option + " takes " + String.join(",", known) + ", not " + name);
            }
        }
        // The set keeps the usual order and drops duplicates.
        return known.stream().filter(names::contains).toList();
    }

    private static List<Integer> numbers(String option, String value) throws UsageException {
        List<Integer> numbers = new ArrayList<>();
        for (String number : value.split(",")) {
            numbers.add(number(option, number, 1));
        }
        return numbers;
    }

    private static int number(String option, String value, int min) throws UsageException {
        try {
            int number = Integer.parseInt(value);
            if (number >= min && number <= 1_000_000) {
                return number;
            }
        } catch (NumberFormatException e) {
            // The exception below reports this as well.
        }
        throw new UsageException(option + " must be a number from " + min + " to 1000000, not " + value);
    }
}
