package io.streamlocks.shedlock;

import io.streamlocks.client.AcquireOptions;
import io.streamlocks.client.CoordinatorRefusedException;
import io.streamlocks.client.CoordinatorUnavailableException;
import io.streamlocks.client.StreamLockClient;
import java.util.Objects;
import java.util.Optional;
import net.javacrumbs.shedlock.core.ExtensibleLockProvider;
import net.javacrumbs.shedlock.core.LockConfiguration;
import net.javacrumbs.shedlock.core.SimpleLock;

/**
 * Locks jobs of ShedLock with leases of the coordinator.
 *
 * <ul>
 *   <li>The name of a lock is the id of a stream: 1 to 255 printable characters, with the prefix.
 *   <li>{@code lockAtMostFor} is the length of the lease, at most 24 h. The client does not renew it. The coordinator
 *       counts it from the grant, so the clocks of the workers do not matter. A lease lasts at least 1 s. If the time
 *       is shorter, the provider releases the lease at its end. Only if the process dies before, the lock lasts for
 *       1 s.
 *   <li>{@code lockAtLeastFor} counts from the call of {@link #lock}. If a job is done earlier, the lease is shortened
 *       to the rest of this time, and nobody needs to release it, so the process may end. If less than 1 s is left, the
 *       lease is shortened to 1 s, and the provider releases it in time.
 *   <li>Each lock is a {@link CoordinatorLock}, which has the fencing token.
 * </ul>
 *
 * <p>The caller closes the client, after its scheduler. If the client closes while a job
 * runs, it does not release the lock of that job.
 *
 * <p>This class is thread-safe.
 */
public final class CoordinatorLockProvider implements ExtensibleLockProvider {

    private final StreamLockClient client;
    private final String prefix;

    /** Makes a provider whose locks have the names of their streams. */
    public CoordinatorLockProvider(StreamLockClient client) {
        this(client, "");
    }

    /**
     * Makes a provider with a prefix.
     *
     * @param client acquires the leases
     * @param prefix comes before the name of each lock in the id of its stream, such as {@code jobs/}, so that jobs
     *     have streams of their own, and the client's token can be limited to them
     */
    public CoordinatorLockProvider(StreamLockClient client, String prefix) {
        this.client = Objects.requireNonNull(client, "client");
        this.prefix = Objects.requireNonNull(prefix, "prefix");
    }

    /**
     * Locks a job. This blocks for one call as a rule, and repeats a call without a usable answer for the acquire
     * time-out of the client.
     *
     * @return the lock; empty if another process holds it, or an operator keeps it closed for a while
     * @throws CoordinatorUnavailableException if there was no usable answer in time. No job runs without a lock
     * @throws CoordinatorRefusedException if the coordinator refused the call, for example because the name is not
     *     printable or the access token is wrong
     * @throws IllegalArgumentException if {@code lockAtMostFor} is above 24 h, or the name is too long
     */
    @Override
    public Optional<SimpleLock> lock(LockConfiguration configuration) {
        long calledNanos = System.nanoTime();
        AcquireOptions options = AcquireOptions.defaults()
                .withTtl(JobLease.length(configuration))
                .withoutRenewal();
        return client.tryAcquire(prefix + configuration.getName(), options)
                .map(lease -> CoordinatorLock.begin(configuration, lease, calledNanos));
    }
}
