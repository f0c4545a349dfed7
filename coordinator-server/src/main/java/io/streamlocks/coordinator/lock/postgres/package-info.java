/**
 * The PostgreSQL backend, for any number of servers on one table, {@code stream_locks}. A batch is one statement, and
 * each statement is a transaction of its own. {@code LockSql} contains the rules of the statements. Each statement is
 * documented with the reasons for its shape.
 */
@NullMarked
package io.streamlocks.coordinator.lock.postgres;

import org.jspecify.annotations.NullMarked;
