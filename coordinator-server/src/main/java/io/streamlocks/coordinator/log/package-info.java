/** How errors that repeat themselves are logged, and how text of others is. */
package io.streamlocks.coordinator.log;
