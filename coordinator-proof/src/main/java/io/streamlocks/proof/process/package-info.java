/** The coordinator process, which all proofs start. The other processes and the network are rigs of the testkit. */
@NullMarked
package io.streamlocks.proof.process;

import org.jspecify.annotations.NullMarked;
