/** Java clients that know two servers, of which one at a time fails. */
@NullMarked
package io.streamlocks.proof.servers;

import org.jspecify.annotations.NullMarked;
