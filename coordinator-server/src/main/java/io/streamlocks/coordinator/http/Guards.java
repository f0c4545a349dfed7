package io.streamlocks.coordinator.http;

import io.streamlocks.coordinator.access.Authenticator;
import io.streamlocks.coordinator.limit.OwnerCap;
import io.streamlocks.coordinator.limit.RateLimit;
import io.streamlocks.coordinator.reload.Reloaded;
import java.security.KeyStore;
import java.util.Optional;

/**
 * What stands between a client and the leases.
 *
 * @param authenticator tells who calls; empty if everybody may do all
 * @param rateLimit limits the calls of each caller
 * @param ownerCap limits the live leases of each owner
 * @param certificate what TLS shows, without a password; empty for plain HTTP
 */
public record Guards(
        Optional<Authenticator> authenticator,
        Optional<RateLimit> rateLimit,
        Optional<OwnerCap> ownerCap,
        Optional<Reloaded<KeyStore>> certificate) {

    /** None: everybody may do all, in plain HTTP. */
    public static final Guards NONE =
            new Guards(Optional.empty(), Optional.empty(), Optional.empty(), Optional.empty());
}
