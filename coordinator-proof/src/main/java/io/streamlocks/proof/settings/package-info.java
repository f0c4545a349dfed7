/** The arguments of the commands. */
@NullMarked
package io.streamlocks.proof.settings;

import org.jspecify.annotations.NullMarked;
