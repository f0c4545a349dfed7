package io.streamlocks.proof.faults;

import java.util.Arrays;
import java.util.List;
import java.util.Locale;

/** A way in which something goes wrong. */
public enum FaultClass {
    WORKER_KILL("a worker is killed (SIGKILL), and another one started"),
    WORKER_STOP("workers stand still (SIGSTOP) for longer than the ttl"),
    COORDINATOR_KILL("a coordinator is killed (SIGKILL) and started again"),
    COORDINATOR_STOP("a coordinator stands still (SIGSTOP)"),
    ROLLING_RESTART("all coordinators are restarted, one after the other"),
    PARTITION_WORKERS("workers and coordinators do not reach each other: silence, silence one way, or resets"),
    PARTITION_DATABASE("the same of coordinators and PostgreSQL"),
    LATENCY("answers take 1 to 5 s longer, from coordinators or PostgreSQL"),
    REPLY_DROPPED("calls are carried out and their answers lost, of coordinators or PostgreSQL"),
    POSTGRES_KILL("PostgreSQL is killed (SIGKILL) and recovers"),
    LOCKS_HELD("a session holds locks on the table or its rows, so that calls use up the pool"),
    ROWS_LOCKED("foreign sessions lock rows of streams and roll back, several at once"),
    COMMIT_STALLED("commits wait for a standby, for longer than leases have left, and go on"),
    WORKER_CLOCK("the time of day of workers is stepped by an hour, forth and back"),
    PROMOTION("PostgreSQL is killed (SIGKILL) and its standby promoted"),
    DISK_FULL("PostgreSQL has no space left on its disk");

    private final String description;

    FaultClass(String description) {
        this.description = description;
    }

    String description() {
        return description;
    }

    /** Whether it needs a PostgreSQL of our own. */
    boolean isOfOwnDatabase() {
        return List.of(POSTGRES_KILL, LOCKS_HELD, ROWS_LOCKED, COMMIT_STALLED, PROMOTION, DISK_FULL)
                .contains(this);
    }

    /** Whether it is links that fail, and not processes or what is in them: one of these and one of those can go together. */
    boolean isOfNetwork() {
        return List.of(PARTITION_WORKERS, PARTITION_DATABASE, LATENCY, REPLY_DROPPED)
                .contains(this);
    }

    /** As it is written on the command line. */
    @Override
    public String toString() {
        return name().toLowerCase(Locale.ROOT).replace('_', '-');
    }

    static FaultClass of(String text) {
        return Arrays.stream(values())
                .filter(fault -> fault.toString().equals(text))
                .findFirst()
                .orElseThrow(() -> new IllegalArgumentException(
                        "There is no fault " + text + "; there are " + Arrays.toString(values())));
    }
}
