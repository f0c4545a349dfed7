package io.streamlocks.coordinator.lock;

/** A backend: the storage of leases, and the rules of {@linkplain io.streamlocks.coordinator.lock the protocol}. */
public interface LockManager extends LockCalls, Upkeep {}
