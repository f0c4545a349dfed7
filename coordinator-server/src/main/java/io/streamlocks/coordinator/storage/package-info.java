/** Where leases are kept, as the process uses it: set up, looked after and closed, whichever backend it is. */
@NullMarked
package io.streamlocks.coordinator.storage;

import org.jspecify.annotations.NullMarked;
