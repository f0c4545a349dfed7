/** The command line that starts the proofs. */
package io.streamlocks.proof;
