/** Files of settings that the running server reads again when they change. */
@NullMarked
package io.streamlocks.coordinator.reload;

import org.jspecify.annotations.NullMarked;
