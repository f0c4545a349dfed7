/**
 * The coordinator as a process: {@code Main} reads the environment, {@code Coordinator} wires the parts by hand.
 *
 * <p>Dependencies go one way: {@code Main -> Coordinator -> http -> lock <- lock.memory, lock.postgres}.
 */
package io.streamlocks.coordinator;
