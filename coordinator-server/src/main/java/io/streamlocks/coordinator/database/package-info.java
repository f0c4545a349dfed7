/**
 * PostgreSQL as a storage: its URL, the pool, the migration, and the checks of how it is set up. The statements that
 * grant, renew and end leases are in {@link io.streamlocks.coordinator.lock.postgres}.
 */
@NullMarked
package io.streamlocks.coordinator.database;

import org.jspecify.annotations.NullMarked;
