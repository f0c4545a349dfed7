/** The command line that starts the proofs. */
@NullMarked
package io.streamlocks.proof;

import org.jspecify.annotations.NullMarked;
