/**
 * The PostgreSQL backend: any number of servers on one table, {@code stream_locks}. One statement a batch, each its own
 * transaction; the reasons for the shape of each statement stand with it in {@code LockSql}.
 */
package io.streamlocks.coordinator.lock.postgres;
