/** Measures the coordinator against direct JDBC and against other locks, on one machine. */
package io.streamlocks.bench;
