/**
 * Runs the client, group commit and the memory backend unchanged, on simulated time and in a simulated network. There
 * are thousands of runs full of faults, and the seed of a run repeats it to the last event.
 *
 * <p>The memory backend has the committed state. In front of it, {@link
 * io.streamlocks.client.simulation.SimulatedStorage} has row locks and late commits, as PostgreSQL has.
 *
 * <p>{@link io.streamlocks.client.simulation.Scheduler} has the only clock and the only queue of events. Simulated
 * threads are threads of the JVM. Only one of them runs at a time, and gives the others their turn where it waits. So
 * the code under test blocks, parks and interrupts as it does elsewhere, and only the seed is left to chance.
 *
 * <p>This cannot find races between two waits, because the code between them is one step here. It cannot find faults of
 * HTTP, JSON and PostgreSQL either. Other tests do.
 */
package io.streamlocks.client.simulation;
