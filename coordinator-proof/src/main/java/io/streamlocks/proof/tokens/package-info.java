/** Databases that lose commits, and a resource that sees whether a fencing token repeats or falls all the same. */
@NullMarked
package io.streamlocks.proof.tokens;

import org.jspecify.annotations.NullMarked;
