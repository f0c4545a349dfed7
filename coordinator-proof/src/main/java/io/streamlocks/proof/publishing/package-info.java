/** Example workers publish events while they are killed, suspended and disconnected, and the sink is checked. */
@NullMarked
package io.streamlocks.proof.publishing;

import org.jspecify.annotations.NullMarked;
