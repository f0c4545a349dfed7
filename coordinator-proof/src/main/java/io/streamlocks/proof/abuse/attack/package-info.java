/**
 * The attacks by one caller. Each attack is a class, and {@link io.streamlocks.proof.abuse.attack.Abuser} is the
 * process that runs one of them. It writes HTTP byte by byte, because most attacks are nothing that an HTTP client
 * would send.
 */
package io.streamlocks.proof.abuse.attack;
