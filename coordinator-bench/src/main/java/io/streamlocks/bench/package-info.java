/** Measures the coordinator against direct JDBC and against other locks, on one machine. */
@NullMarked
package io.streamlocks.bench;

import org.jspecify.annotations.NullMarked;
