/**
 * The work of a server that no call waits for: it opens the storage, purges, and reloads the files of the settings.
 */
@NullMarked
package io.streamlocks.coordinator.background;

import org.jspecify.annotations.NullMarked;
