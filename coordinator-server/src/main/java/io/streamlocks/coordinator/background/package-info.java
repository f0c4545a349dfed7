/**
 * This package does the work that no call waits for: it opens the storage, purges, and reloads files of the settings.
 */
@NullMarked
package io.streamlocks.coordinator.background;

import org.jspecify.annotations.NullMarked;
