package io.streamlocks.bench;

import java.nio.file.Path;

/**
 * What the contenders run on.
 *
 * @param postgres the database
 * @param processes where servers are started
 * @param directory for the data of servers, gone in the end
 * @param output for what stays: their logs, and the results
 * @param coordinatorJar which coordinator is measured
 */
record Bed(Postgres postgres, Processes processes, Path directory, Path output, Path coordinatorJar) {}
