/**
 * The settings: the variables of the environment, as one record for each consumer. Each record reads its own variables.
 * All problems are reported at once.
 *
 * <p>A setting without effect is a problem. An operator who sets it relies on it.
 */
@NullMarked
package io.streamlocks.coordinator.settings;

import org.jspecify.annotations.NullMarked;
