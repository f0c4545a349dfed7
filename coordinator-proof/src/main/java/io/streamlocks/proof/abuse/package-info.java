/**
 * The proof that one caller cannot harm the others. For each combination of backend, way to the coordinator and heap,
 * and for each {@linkplain io.streamlocks.proof.abuse.attack attack}, victims renew their leases while one caller
 * attacks.
 */
package io.streamlocks.proof.abuse;
