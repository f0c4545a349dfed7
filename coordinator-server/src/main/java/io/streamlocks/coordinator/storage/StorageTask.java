package io.streamlocks.coordinator.storage;

import java.time.Duration;

/**
 * Work that a storage needs at intervals.
 *
 * @param interval how long after one run the next one starts
 * @param what what the work does, to complete "Failed to" in the log
 * @param work does it; one thread at a time runs it, and it may throw
 */
public record StorageTask(Duration interval, String what, Runnable work) {}
