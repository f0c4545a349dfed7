/**
 * The coordinator as a process: {@code Main} reads the environment, {@code Coordinator} wires the parts by hand. The
 * map of the packages is in CONTRIBUTING.md, "Where things belong".
 */
@NullMarked
package io.streamlocks.coordinator;

import org.jspecify.annotations.NullMarked;
