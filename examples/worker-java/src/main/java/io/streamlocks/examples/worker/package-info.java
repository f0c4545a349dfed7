/** A worker that processes streams under leases of the coordinator. */
@NullMarked
package io.streamlocks.examples.worker;

import org.jspecify.annotations.NullMarked;
