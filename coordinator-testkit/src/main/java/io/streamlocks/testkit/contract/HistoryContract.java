package io.streamlocks.testkit.contract;

import static io.streamlocks.testkit.contract.ContractFixture.granted;
import static org.assertj.core.api.Assertions.assertThat;

import io.streamlocks.coordinator.lock.AcquireOutcome;
import io.streamlocks.coordinator.lock.AcquireRequest;
import io.streamlocks.coordinator.lock.EndReason;
import io.streamlocks.coordinator.lock.Grant;
import io.streamlocks.coordinator.lock.GrantPage;
import io.streamlocks.coordinator.lock.HistoryQuery;
import io.streamlocks.coordinator.lock.Lease;
import io.streamlocks.coordinator.lock.Lock;
import io.streamlocks.coordinator.lock.LockQuery;
import io.streamlocks.coordinator.lock.Owner;
import io.streamlocks.coordinator.lock.StreamHistoryQuery;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.UUID;
import org.junit.jupiter.api.Test;

/** The contract of history and labels. */
interface HistoryContract extends BreakContract {

    @Test
    default void aLiveLeaseHasNoEnd() {
        Lock lock = grant("alice").lock();
        assertThat(history(stream()))
                .containsExactly(new Grant(
                        stream(),
                        "alice",
                        lock.fencingToken(),
                        Map.of(),
                        lock.acquiredAt(),
                        Optional.empty(),
                        Optional.empty()));
    }

    @Test
    default void historyShowsHowAndWhenEachLeaseEndedAndWhoEndedIt() {
        Lease released = grant("alice");
        release(released);
        Lease superseded = grant("bob");
        expire(stream());
        Lease broken = grant("carol");
        breakLease(Optional.empty(), Duration.ZERO);
        Lease expired = grant("dave");
        expire(stream());

        List<Grant> history = history(stream());
        assertThat(history)
                .extracting(Grant::fencingToken)
                .containsExactly(
                        expired.lock().fencingToken(),
                        broken.lock().fencingToken(),
                        superseded.lock().fencingToken(),
                        released.lock().fencingToken());
        assertThat(history)
                .extracting(grant -> grant.end().orElseThrow().reason())
                .containsExactly(EndReason.EXPIRED, EndReason.BROKEN, EndReason.SUPERSEDED, EndReason.RELEASED);
        assertThat(history)
                .extracting(grant -> grant.end().orElseThrow().by().orElse(null))
                .containsExactly(null, operator(), "carol", "alice");
        // No grant begins before the previous one has ended.
        for (int later = 0; later + 1 < history.size(); later++) {
            Instant end = history.get(later + 1).end().orElseThrow().at();
            assertThat(history.get(later).acquiredAt()).isAfterOrEqualTo(end);
            assertThat(end).isAfterOrEqualTo(history.get(later + 1).acquiredAt());
        }
    }

    @Test
    default void aRenewalChangesNothingInHistory() {
        Lease lease = grant("alice");
        renew(lease);
        renew(lease);
        assertThat(history(stream())).singleElement().satisfies(grant -> {
            assertThat(grant.fencingToken()).isEqualTo(lease.lock().fencingToken());
            assertThat(grant.end()).isEmpty();
        });
    }

    @Test
    default void oneQueryReturnsTheHolderOfAStreamAtATime() {
        Lock first = grant("alice").lock();
        tick();
        breakLease(Optional.empty(), Duration.ZERO);
        tick();
        Lock second = grant("bob").lock();
        assertThat(heldAt(first.acquiredAt())).containsExactly("alice");
        assertThat(heldAt(second.acquiredAt())).containsExactly("bob");
        assertThat(heldAt(second.acquiredAt().plusSeconds(3600))).containsExactly("bob");
        assertThat(heldAt(first.acquiredAt().minusMillis(1))).isEmpty();
    }

    private List<String> heldAt(Instant at) {
        return locks()
                .reads()
                .history(new StreamHistoryQuery(stream(), Optional.of(at), Long.MAX_VALUE, 10))
                .grants()
                .stream()
                .map(Grant::ownerId)
                .toList();
    }

    @Test
    default void historyOfAStreamIsReadInPages() {
        List<Long> tokens = new ArrayList<>();
        for (int i = 0; i < 5; i++) {
            Lease lease = grant("alice");
            tokens.add(0, lease.lock().fencingToken());
            if (i < 4) {
                release(lease);
            }
        }
        List<Long> read = new ArrayList<>();
        Optional<Long> below = Optional.of(Long.MAX_VALUE);
        while (below.isPresent()) {
            GrantPage page =
                    locks().reads().history(new StreamHistoryQuery(stream(), Optional.empty(), below.get(), 2));
            assertThat(page.grants()).hasSizeLessThanOrEqualTo(2);
            page.grants().forEach(grant -> read.add(grant.fencingToken()));
            below = page.next().map(GrantPage.Position::fencingToken);
        }
        assertThat(read).isEqualTo(tokens);
    }

    @Test
    default void historyOfAllStreamsIsReadInPagesAndFiltered() {
        String owner = "owner-" + UUID.randomUUID();
        List<Long> tokens = new ArrayList<>();
        for (int i = 0; i < 5; i++) {
            Lease lease = granted(acquire(new AcquireRequest(stream() + "/" + i, owner, UUID.randomUUID(), TTL)));
            tokens.add(0, lease.lock().fencingToken());
            tick();
            if (i % 2 == 0) {
                release(lease);
            }
        }
        grant("somebody else");

        List<Grant> read = new ArrayList<>();
        Optional<GrantPage.Position> after = Optional.empty();
        do {
            GrantPage page = locks().reads().history(query(Optional.of(owner), Optional.empty(), after, 2));
            read.addAll(page.grants());
            after = page.next();
        } while (after.isPresent());
        assertThat(read).extracting(Grant::fencingToken).isEqualTo(tokens);

        assertThat(locks().reads()
                        .history(query(Optional.of(owner), Optional.of(EndReason.RELEASED), Optional.empty(), 10))
                        .grants())
                .extracting(Grant::fencingToken)
                .containsExactly(tokens.get(0), tokens.get(2), tokens.get(4));
        Instant third = read.get(2).acquiredAt();
        assertThat(locks().reads()
                        .history(new HistoryQuery(
                                Optional.of(owner),
                                stream(),
                                Optional.of(third),
                                Optional.empty(),
                                Optional.empty(),
                                Optional.empty(),
                                10))
                        .grants())
                .extracting(Grant::fencingToken)
                .containsExactlyElementsOf(tokens.subList(0, 3));
        assertThat(locks().reads()
                        .history(new HistoryQuery(
                                Optional.empty(),
                                stream() + "/",
                                Optional.empty(),
                                Optional.of(third),
                                Optional.empty(),
                                Optional.empty(),
                                10))
                        .grants())
                .extracting(Grant::fencingToken)
                .containsExactlyElementsOf(tokens.subList(3, 5));
    }

    private static HistoryQuery query(
            Optional<String> ownerId, Optional<EndReason> reason, Optional<GrantPage.Position> after, int pageSize) {
        return new HistoryQuery(ownerId, "", Optional.empty(), Optional.empty(), reason, after, pageSize);
    }

    @Test
    default void theGrantsOfAForgottenStreamStayInHistory() {
        Lease lease = grant("alice");
        expire(stream());
        age(stream(), Duration.ofHours(2));
        locks().purge(Duration.ofHours(1));
        assertThat(history(stream())).singleElement().satisfies(grant -> {
            assertThat(grant.fencingToken()).isEqualTo(lease.lock().fencingToken());
            assertThat(grant.end().orElseThrow().reason()).isEqualTo(EndReason.EXPIRED);
            assertThat(grant.end().orElseThrow().by()).isEmpty();
        });
    }

    @Test
    default void forgettingAStreamRecordsNoSecondEndOfAGrant() {
        release(grant("alice"));
        age(stream(), Duration.ofHours(2));
        locks().purge(Duration.ofHours(1));
        assertThat(history(stream())).singleElement().satisfies(grant -> assertThat(
                        grant.end().orElseThrow().reason())
                .isEqualTo(EndReason.RELEASED));
    }

    @Test
    default void historyIsPurgedByTheEndsOfItsGrants() {
        release(grant("alice"));
        grant("bob");
        tick();
        locks().purgeHistory(Duration.ofDays(1));
        assertThat(history(stream())).hasSize(2);
        locks().purgeHistory(Duration.ZERO);
        assertThat(history(stream())).extracting(Grant::ownerId).containsExactly("bob");
    }

    @Test
    default void readsRefusalsAndHistoryContainTheLabels() {
        Map<String, String> labels =
                Map.of("pod", "worker-\"7\"", "region", "eu {1}, \\ \u00fc \uD83D\uDE00", "build", "");
        Lease lease =
                granted(acquire(new AcquireRequest(stream(), new Owner("alice", labels), UUID.randomUUID(), TTL)));
        assertThat(lease.lock().owner().labels()).isEqualTo(labels);
        assertThat(ContractFixture.renewed(renew(lease)).lock().owner().labels())
                .isEqualTo(labels);
        assertThat(locks().find(stream()).orElseThrow().owner().labels()).isEqualTo(labels);
        assertThat(locks().reads()
                        .list(new LockQuery(Optional.empty(), stream(), "", 1))
                        .locks()
                        .get(0)
                        .owner()
                        .labels())
                .isEqualTo(labels);
        AcquireOutcome.Held held = (AcquireOutcome.Held) acquire(request("bob", UUID.randomUUID(), TTL));
        assertThat(held.holder().owner().labels()).isEqualTo(labels);
        release(lease);
        assertThat(history(stream()).get(0).labels()).isEqualTo(labels);
        assertThat(grant("bob").lock().owner().labels()).isEmpty();
    }

    @Test
    default void liveLeasesAreCountedByOwner() {
        String owner = "owner-" + UUID.randomUUID();
        Lease lease = grant(owner);
        grantAll(List.of(stream() + "/1", stream() + "/2"), owner);
        assertThat(locks().liveLeases()).containsEntry(owner, 3L);
        release(lease);
        assertThat(locks().liveLeases()).containsEntry(owner, 2L);
        locks().breakOwner(owner, breaking(Duration.ZERO));
        assertThat(locks().liveLeases()).doesNotContainKey(owner);
    }
}
