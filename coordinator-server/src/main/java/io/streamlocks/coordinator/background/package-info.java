/**
 * What a server does while no call waits for it: it opens the storage, purges, and reloads the files of the settings.
 */
package io.streamlocks.coordinator.background;
