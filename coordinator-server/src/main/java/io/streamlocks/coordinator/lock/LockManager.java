package io.streamlocks.coordinator.lock;

import java.util.function.Function;

/** A backend: the storage of leases, and the rules of {@linkplain io.streamlocks.coordinator.lock the protocol}. */
public interface LockManager extends LockCalls, Upkeep {

    /** Returns the reads of many rows. */
    LockReads reads();

    @Override
    default <T> T read(StatementKind kind, Function<LockReads, T> read) {
        return read.apply(reads());
    }

    /** Returns the groups. */
    Groups groups();

    @Override
    default <T> T group(Function<Groups, T> call) {
        return call.apply(groups());
    }

    /** Returns how this backend reports the streams that it hands over to callers of this server. */
    HandOvers handOvers();
}
