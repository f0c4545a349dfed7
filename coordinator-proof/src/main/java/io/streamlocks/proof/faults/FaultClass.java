package io.streamlocks.proof.faults;

import java.util.Arrays;
import java.util.List;
import java.util.Locale;

/** A kind of fault. */
public enum FaultClass {
    WORKER_KILL("a worker is killed (SIGKILL) and another one started"),
    WORKER_STOP("workers are stopped (SIGSTOP) for longer than the ttl"),
    COORDINATOR_KILL("a coordinator is killed (SIGKILL) and started again"),
    COORDINATOR_STOP("a coordinator is stopped (SIGSTOP)"),
    ROLLING_RESTART("all coordinators are restarted, one after the other"),
    PARTITION_WORKERS("workers and coordinators cannot reach each other: silence, silence in one direction, or resets"),
    PARTITION_DATABASE("coordinators and PostgreSQL cannot reach each other, in the same ways"),
    LATENCY("responses of coordinators or PostgreSQL take 1 to 5 s longer"),
    REPLY_DROPPED("coordinators or PostgreSQL carry out calls, and the responses are lost"),
    POSTGRES_KILL("PostgreSQL is killed (SIGKILL) and recovers"),
    LOCKS_HELD("a session locks the table or rows, so that calls use up the pool"),
    ROWS_LOCKED("several sessions at once lock rows of streams and roll back"),
    COMMIT_STALLED("commits wait for a standby for longer than leases last, and then go on"),
    WORKER_CLOCK("the time of day of workers steps by an hour, forward and back"),
    PROMOTION("PostgreSQL is killed (SIGKILL) and its standby is promoted"),
    DISK_FULL("PostgreSQL has no space left on its disk");

    private final String description;

    FaultClass(String description) {
        this.description = description;
    }

    String description() {
        return description;
    }

    /** Returns whether the fault needs a PostgreSQL that the run started. */
    boolean isOfOwnDatabase() {
        return List.of(POSTGRES_KILL, LOCKS_HELD, ROWS_LOCKED, COMMIT_STALLED, PROMOTION, DISK_FULL)
                .contains(this);
    }

    /** Returns whether links fail, and not processes. A fault of links and a fault of processes can happen at once. */
    boolean isOfNetwork() {
        return List.of(PARTITION_WORKERS, PARTITION_DATABASE, LATENCY, REPLY_DROPPED)
                .contains(this);
    }

    /** Returns the name on the command line. */
    @Override
    public String toString() {
        return name().toLowerCase(Locale.ROOT).replace('_', '-');
    }

    static FaultClass of(String text) {
        return Arrays.stream(values())
                .filter(fault -> fault.toString().equals(text))
                .findFirst()
                .orElseThrow(() -> new IllegalArgumentException(
                        "--faults: unknown fault " + text + ". The faults are " + Arrays.toString(values())));
    }
}
