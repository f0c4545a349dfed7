/**
 * What a caller can do to a coordinator: each attack is a class, and {@link
 * io.streamlocks.proof.abuse.attack.Abuser} is the process that runs one of them. It speaks HTTP byte by byte, since
 * most attacks are nothing that an HTTP client would send.
 */
package io.streamlocks.proof.abuse.attack;
