/**
 * Client, group commit and memory backend as they are, on simulated time, in a simulated network: thousands of runs full of
 * faults, each of which its seed repeats to the last event.
 *
 * <p>The memory backend has what is committed. Before it {@link io.streamlocks.client.simulation.SimulatedStorage} has row
 * locks and commits that come late, as PostgreSQL has them.
 *
 * <p>{@link io.streamlocks.client.simulation.Scheduler} has the one clock and the one queue of events. Simulated threads
 * are threads of the JVM of which one alone runs at a time, and gives the others their turn where it waits; so the code
 * under test blocks, parks and interrupts as it does elsewhere, and nothing is left to chance but the seed.
 *
 * <p>What that cannot find: races between two waits, since the code between them is one step here; what HTTP, JSON and
 * PostgreSQL do. Other tests have those.
 */
package io.streamlocks.client.simulation;
