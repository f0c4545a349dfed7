/** How often a caller may call, and how many leases an owner may hold. This package uses neither HTTP nor leases. */
@NullMarked
package io.streamlocks.coordinator.limit;

import org.jspecify.annotations.NullMarked;
