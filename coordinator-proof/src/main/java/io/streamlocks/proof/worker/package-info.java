/** The processes that a run mistreats: workers on the Java client, and the resource that they write to. */
package io.streamlocks.proof.worker;
