/** Files of settings that are read again when they change, while the server runs. */
package io.streamlocks.coordinator.reload;
