/** Files of settings that the running server reads again when they change. */
package io.streamlocks.coordinator.reload;
