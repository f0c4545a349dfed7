/**
 * Runs coordinators, a PostgreSQL with a synchronous standby, workers and the resource as real processes with a network
 * between them that can fail, injects faults, and reports what the checker says of the history.
 */
package io.streamlocks.proof.faults;
