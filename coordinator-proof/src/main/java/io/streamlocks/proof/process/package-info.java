/** The coordinator process, which all proofs start. The other processes and the network are rigs of the testkit. */
package io.streamlocks.proof.process;
