/**
 * Rigs for tests with real processes and faults. {@link io.streamlocks.testkit.rig.ChildProcess} starts, pauses and
 * kills processes. {@link io.streamlocks.testkit.rig.Link} is a network that fails. {@link
 * io.streamlocks.testkit.rig.PostgresServer} is a PostgreSQL that stops, hangs and has standbys; {@link
 * io.streamlocks.testkit.rig.TestDatabase} is a new database on one that all tests of a JVM share.
 *
 * <p>All servers listen on the loopback interface. All rigs but {@code TestDatabase} work without the server and the
 * test libraries on the class path, so programs can exclude those.
 */
package io.streamlocks.testkit.rig;
