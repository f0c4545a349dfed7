/**
 * Who may do what. A caller proves itself by a bearer token: one of the tokens file, which holds their hashes alone, or a
 * JWT whose signature a key set of its issuer verifies. What is known of it then is a {@link
 * io.streamlocks.coordinator.access.Principal}: its role says which calls it may make, and its prefixes for which streams
 * and owners.
 *
 * <p>Credentials end by the wall clock of the server. That is no lease: those end by the storage's clock alone.
 *
 * <p>This package knows neither HTTP nor leases. Nothing in it logs or repeats a token, a hash or a prefix.
 */
package io.streamlocks.coordinator.access;
