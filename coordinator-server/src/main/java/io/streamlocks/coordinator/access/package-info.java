/**
 * This package decides who may do what. A caller identifies itself by a bearer token. It is a token of the tokens file,
 * which contains only hashes, or a JWT, whose signature a key set of its issuer verifies. The result is a {@link
 * io.streamlocks.coordinator.access.Principal}. Its role decides which calls it may make, and its prefixes decide for
 * which streams and owners.
 *
 * <p>Credentials end by the wall clock of the server. Leases end by the clock of the storage.
 *
 * <p>This package does not use HTTP, and uses {@code lock} only for the bounds of ids. Nothing in it logs or
 * repeats a token, a hash or a prefix.
 */
@NullMarked
package io.streamlocks.coordinator.access;

import org.jspecify.annotations.NullMarked;
