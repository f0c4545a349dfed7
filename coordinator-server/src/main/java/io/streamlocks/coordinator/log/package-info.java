/** How errors that repeat themselves are logged. */
package io.streamlocks.coordinator.log;
