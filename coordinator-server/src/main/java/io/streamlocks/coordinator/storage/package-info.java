/** This package sets up, looks after and closes the place where leases are kept, whichever backend it is. */
@NullMarked
package io.streamlocks.coordinator.storage;

import org.jspecify.annotations.NullMarked;
