/** Callers that wait and behave badly, and a check that a coordinator keeps nothing of them. */
@NullMarked
package io.streamlocks.proof.leaks;

import org.jspecify.annotations.NullMarked;
