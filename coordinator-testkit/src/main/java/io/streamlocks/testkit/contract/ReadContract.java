package io.streamlocks.testkit.contract;

import static io.streamlocks.testkit.contract.ContractFixture.shuffled;
import static org.assertj.core.api.Assertions.assertThat;

import io.streamlocks.coordinator.lock.Lease;
import io.streamlocks.coordinator.lock.Lock;
import io.streamlocks.coordinator.lock.LockPage;
import io.streamlocks.coordinator.lock.LockQuery;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;

/** The contract of reads. */
interface ReadContract extends ContractFixture {

    @Test
    default void aFreeStreamIsNotFound() {
        assertThat(locks().find(stream())).isEmpty();
    }

    @Test
    default void aHeldStreamIsFoundWithTheDataOfItsLease() {
        Lock granted = grant("alice").lock();
        Lock found = locks().find(stream()).orElseThrow();
        assertThat(found).usingRecursiveComparison().ignoringFields("expiresIn").isEqualTo(granted);
        assertThat(found.expiresIn()).isPositive().isLessThanOrEqualTo(TTL);
    }

    @Test
    default void anExpiredLeaseIsNeitherFoundNorListed() {
        grant("alice");
        expire(stream());
        assertThat(locks().find(stream())).isEmpty();
        assertThat(listed(new LockQuery(Optional.empty(), stream(), "", 10))).isEmpty();
    }

    @Test
    default void aReleasedLeaseIsNotListed() {
        release(grant("alice"));
        assertThat(listed(new LockQuery(Optional.empty(), stream(), "", 10))).isEmpty();
    }

    @Test
    default void locksAreListedInTheByteOrderOfTheirStreams() {
        // The order of UTF-16 would place the emoji before U+FFFD, and a locale would place "B" after "a".
        List<String> ids = Stream.of("", " ", "/", "B", "a", "é", "\uFFFD", "😀")
                .map(end -> stream() + end)
                .toList();
        grantAll(shuffled(ids), "alice");
        assertThat(listed(new LockQuery(Optional.empty(), stream(), "", 100))).containsExactlyElementsOf(ids);
    }

    @Test
    default void pagesContainEachLockOnceAndTheLastHasNoNext() {
        List<String> ids = IntStream.range(0, 7).mapToObj(i -> stream() + i).toList();
        grantAll(ids, "alice");
        List<String> seen = new ArrayList<>();
        List<Integer> sizes = new ArrayList<>();
        Optional<String> after = Optional.of("");
        while (after.isPresent()) {
            LockPage page = locks().reads().list(new LockQuery(Optional.empty(), stream(), after.get(), 3));
            page.locks().forEach(lock -> seen.add(lock.streamId()));
            sizes.add(page.locks().size());
            after = page.next();
        }
        assertThat(seen).containsExactlyElementsOf(ids);
        assertThat(sizes).containsExactly(3, 3, 1);
    }

    @Test
    default void aPageThatContainsTheRestHasNoNext() {
        grantAll(List.of(stream() + 1, stream() + 2), "alice");
        assertThat(locks().reads()
                        .list(new LockQuery(Optional.empty(), stream(), "", 2))
                        .next())
                .isEmpty();
    }

    @Test
    default void theListIsFilteredByOwner() {
        grantAll(List.of(stream() + 1, stream() + 3), "alice-" + stream());
        grantAll(List.of(stream() + 2), "bob-" + stream());
        assertThat(listed(new LockQuery(Optional.of("alice-" + stream()), "", "", 10)))
                .containsExactly(stream() + 1, stream() + 3);
        assertThat(listed(new LockQuery(Optional.of("nobody-" + stream()), "", "", 10)))
                .isEmpty();
    }

    @Test
    default void theListIsFilteredByPrefixTakenLiterally() {
        grantAll(List.of(stream() + "%a", stream() + "_a", stream() + "\\a", stream() + "xa"), "alice");
        assertThat(listed(new LockQuery(Optional.empty(), stream() + "%", "", 10)))
                .containsExactly(stream() + "%a");
        assertThat(listed(new LockQuery(Optional.empty(), stream() + "_", "", 10)))
                .containsExactly(stream() + "_a");
        assertThat(listed(new LockQuery(Optional.empty(), stream() + "\\", "", 10)))
                .containsExactly(stream() + "\\a");
    }

    @Test
    default void bothFiltersAndPagesCanBeCombined() {
        grantAll(List.of(stream() + "a1", stream() + "a3", stream() + "b1"), "alice");
        grantAll(List.of(stream() + "a2"), "bob");
        LockPage first = locks().reads().list(new LockQuery(Optional.of("alice"), stream() + "a", "", 1));
        assertThat(first.locks()).extracting(Lock::streamId).containsExactly(stream() + "a1");
        LockPage second = locks().reads()
                .list(new LockQuery(
                        Optional.of("alice"), stream() + "a", first.next().orElseThrow(), 1));
        assertThat(second.locks()).extracting(Lock::streamId).containsExactly(stream() + "a3");
        assertThat(second.next()).isEmpty();
    }

    @Test
    default void liveLeasesAreCountedByTheirOwner() {
        String alice = "alice of " + stream();
        String bob = "bob of " + stream();
        String carol = "carol of " + stream();
        // These come first, because advancing the clock ends all leases.
        grantAll(List.of(stream() + "1"), alice);
        expire(stream() + "1");
        grantAll(List.of(stream() + "2", stream() + "3"), alice);
        grantAll(List.of(stream() + "4"), bob);
        Lease ofCarol = grant(carol);
        release(ofCarol);
        assertThat(locks().liveLeases())
                .containsEntry(alice, 2L)
                .containsEntry(bob, 1L)
                .doesNotContainKey(carol);
    }
}
