/** The commands of the jar, apart from the one that starts a server. */
package io.streamlocks.coordinator.command;
