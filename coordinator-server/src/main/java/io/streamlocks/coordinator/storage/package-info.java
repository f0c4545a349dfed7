/** Where leases are kept, as the process uses it: set up, looked after and closed, whichever backend it is. */
package io.streamlocks.coordinator.storage;
