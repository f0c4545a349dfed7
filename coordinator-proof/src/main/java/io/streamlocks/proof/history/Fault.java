package io.streamlocks.proof.history;

/**
 * A fault that was injected.
 *
 * @param kind its class
 * @param what what was done to whom
 * @param start when it began, monotonic
 * @param end when it was over, monotonic
 * @param killed the worker process that was killed; else null
 * @param databaseBack when the database took writes again, monotonic; 0 if it was never away
 */
public record Fault(String kind, String what, long start, long end, String killed, long databaseBack) {}
