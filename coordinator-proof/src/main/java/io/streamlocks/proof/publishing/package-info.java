/** Example workers publish events while they are killed, suspended and disconnected, and the sink is checked. */
package io.streamlocks.proof.publishing;
