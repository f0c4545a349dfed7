/**
 * A coordinator for the tests of workers. {@link io.streamlocks.testkit.InProcessCoordinator} runs in the JVM of the
 * test, with its leases in memory and with a clock that the test moves.
 *
 * <p>Package {@code contract} has the tests that every backend of the server passes. Package {@code rig} has what tests
 * with real processes need: a PostgreSQL, a network link that fails, and a launcher.
 */
package io.streamlocks.testkit;
