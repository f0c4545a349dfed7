/**
 * Holds a coordinator against callers that harm all others: for each combination of backend, way to it and heap, and for each
 * {@linkplain io.streamlocks.proof.abuse.attack attack}, victims renew their leases while one caller attacks.
 */
package io.streamlocks.proof.abuse;
