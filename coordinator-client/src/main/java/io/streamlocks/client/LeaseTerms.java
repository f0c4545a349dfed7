package io.streamlocks.client;

import io.streamlocks.client.LeaseCalls.Acquire;
import io.streamlocks.client.LeaseCalls.Grant;
import io.streamlocks.client.LeaseCalls.LeaseKey;
import java.time.Duration;
import java.util.Optional;

/**
 * The terms of the leases that a client asks for.
 *
 * @param owner this process, with the labels of the lease
 * @param ttl the length of the lease; empty for the coordinator's default
 * @param isRenewed whether the client renews the lease
 */
record LeaseTerms(Owner owner, Optional<Duration> ttl, boolean isRenewed) {

    /** Returns these terms with the options of one acquire. */
    LeaseTerms with(AcquireOptions options) {
        return new LeaseTerms(
                options.labels().map(labels -> new Owner(owner.id(), labels)).orElse(owner),
                options.ttl().or(() -> ttl),
                options.isRenewed());
    }

    /** Returns the call that asks for a lease. */
    Acquire acquire(LeaseKey key) {
        return new Acquire(key, owner, ttl);
    }

    /** Returns the length of a lease: the ttl that was asked for, or the one that the coordinator chose. */
    Duration lengthOf(Grant grant) {
        return ttl.orElse(grant.length());
    }

    /**
     * Returns how long a lease can last whose grant had no answer: the ttl that was asked for, or else the longest that
     * the contract allows. Leases that were granted before do not limit it, because another server may have another
     * default.
     */
    Duration longestPossible() {
        return ttl.orElse(ContractLimits.MAX_TTL);
    }
}
