/** The commands of the jar, apart from the one that starts a server. */
@NullMarked
package io.streamlocks.coordinator.command;

import org.jspecify.annotations.NullMarked;
