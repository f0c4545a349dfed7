/** A provider of locks for ShedLock. Each lock of a job is a lease of the coordinator. */
@NullMarked
package io.streamlocks.shedlock;

import org.jspecify.annotations.NullMarked;
