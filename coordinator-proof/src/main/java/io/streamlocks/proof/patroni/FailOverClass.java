package io.streamlocks.proof.patroni;

import java.util.Locale;

/** A kind of fail-over. */
enum FailOverClass {
    SWITCHOVER,
    KILL,
    PARTITION,
    LAGGING;

    /** Returns the name in reports. */
    @Override
    public String toString() {
        return name().toLowerCase(Locale.ROOT);
    }
}
