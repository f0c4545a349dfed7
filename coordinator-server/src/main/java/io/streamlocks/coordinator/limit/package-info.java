/** How often a caller may call, and how many leases an owner may hold. This package uses neither HTTP nor leases. */
package io.streamlocks.coordinator.limit;
