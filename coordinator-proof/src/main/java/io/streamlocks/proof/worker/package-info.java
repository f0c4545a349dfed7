/** The processes of a run under faults: workers on the Java client, and the resource to which they write. */
@NullMarked
package io.streamlocks.proof.worker;

import org.jspecify.annotations.NullMarked;
