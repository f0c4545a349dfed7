package io.streamlocks.coordinator.http;

import io.streamlocks.coordinator.access.Authenticator;
import io.streamlocks.coordinator.limit.OwnerCap;
import io.streamlocks.coordinator.limit.RateLimit;
import io.streamlocks.coordinator.reload.Reloaded;
import java.security.KeyStore;
import java.util.Optional;
import java.util.OptionalInt;

/**
 * The checks that protect a server.
 *
 * @param authenticator identifies callers; empty if everybody may do everything
 * @param rateLimit limits the calls of each caller
 * @param ownerCap limits the live leases of each owner
 * @param maxWaitersOfOwner how many acquires of an owner may wait at this server; empty for no limit
 * @param certificate what TLS shows, without a password; empty for plain HTTP
 */
public record Guards(
        Optional<Authenticator> authenticator,
        Optional<RateLimit> rateLimit,
        Optional<OwnerCap> ownerCap,
        OptionalInt maxWaitersOfOwner,
        Optional<Reloaded<KeyStore>> certificate) {

    /** No checks: everybody may do everything, in plain HTTP. */
    public static final Guards NONE =
            new Guards(Optional.empty(), Optional.empty(), Optional.empty(), OptionalInt.empty(), Optional.empty());
}
