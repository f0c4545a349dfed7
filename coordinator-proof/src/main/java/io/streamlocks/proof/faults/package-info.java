/**
 * The proof under faults. It runs coordinators, a PostgreSQL with a synchronous standby, workers and a resource as real
 * processes. It injects faults into them and into the network between them, checks the history, and writes a report.
 */
package io.streamlocks.proof.faults;
