/** The processes of a run under faults: workers on the Java client, and the resource to which they write. */
package io.streamlocks.proof.worker;
