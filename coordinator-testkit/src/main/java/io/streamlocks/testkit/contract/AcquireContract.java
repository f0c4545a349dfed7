package io.streamlocks.testkit.contract;

import static io.streamlocks.testkit.contract.ContractFixture.granted;
import static io.streamlocks.testkit.contract.ContractFixture.renewed;
import static org.assertj.core.api.Assertions.assertThat;

import io.streamlocks.coordinator.lock.AcquireOutcome;
import io.streamlocks.coordinator.lock.AcquireOutcome.Granted;
import io.streamlocks.coordinator.lock.AcquireOutcome.Held;
import io.streamlocks.coordinator.lock.AcquireOutcome.LeaseIdUsed;
import io.streamlocks.coordinator.lock.AcquireRequest;
import io.streamlocks.coordinator.lock.Lease;
import io.streamlocks.coordinator.lock.Lock;
import io.streamlocks.coordinator.lock.ReleaseOutcome;
import io.streamlocks.coordinator.lock.RenewOutcome;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.UUID;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** The contract of acquire. */
interface AcquireContract extends ContractFixture {

    @Test
    default void aFreeStreamIsGranted() {
        UUID leaseId = UUID.randomUUID();
        Lease lease = granted(acquire(new AcquireRequest(stream(), "alice", leaseId, TTL)));
        assertThat(lease.leaseId()).isEqualTo(leaseId);
        assertThat(lease.lock().streamId()).isEqualTo(stream());
        assertThat(lease.lock().ownerId()).isEqualTo("alice");
        assertThat(lease.lock().ttl()).isEqualTo(TTL);
        assertThat(lease.lock().fencingToken()).isPositive();
    }

    @Test
    default void aLeaseHasTheTtlThatWasAskedFor() {
        Lock lock = grant("alice").lock();
        assertThat(Duration.between(lock.acquiredAt(), lock.expiresAt())).isBetween(TTL, TTL.plusMillis(100));
        assertThat(lock.expiresIn()).isPositive().isLessThanOrEqualTo(TTL);
    }

    @ParameterizedTest
    @MethodSource("io.streamlocks.testkit.contract.AcquireContract#boundaryTtls")
    default void theShortestAndTheLongestTtlAreGranted(Duration ttl) {
        Lock lock = granted(acquire(request("alice", UUID.randomUUID(), ttl))).lock();
        assertThat(lock.ttl()).isEqualTo(ttl);
        assertThat(Duration.between(lock.acquiredAt(), lock.expiresAt())).isBetween(ttl, ttl.plusMillis(100));
    }

    @Test
    default void aHeldStreamIsRefusedWithItsHolder() {
        Lock held = grant("alice").lock();
        Held refusal = (Held) acquire(request("bob", UUID.randomUUID(), TTL));
        assertThat(refusal.holder().ownerId()).isEqualTo("alice");
        assertThat(refusal.holder().fencingToken()).isEqualTo(held.fencingToken());
        assertThat(refusal.holder().expiresIn()).isPositive().isLessThanOrEqualTo(TTL);
    }

    @Test
    default void theSameOwnerWithAnotherLeaseIdIsRefused() {
        grant("alice");
        assertThat(acquire(request("alice", UUID.randomUUID(), TTL))).isInstanceOf(Held.class);
    }

    @Test
    default void aRefusalDoesNotChangeTheHolder() {
        Lease lease = grant("alice");
        acquire(request("bob", UUID.randomUUID(), TTL));
        Lock after = locks().find(stream()).orElseThrow();
        assertThat(after.fencingToken()).isEqualTo(lease.lock().fencingToken());
        assertThat(after.expiresAt()).isEqualTo(lease.lock().expiresAt());
        assertThat(renew(lease)).isInstanceOf(RenewOutcome.Renewed.class);
    }

    @Test
    default void askingAgainWithTheSameLeaseIdReturnsTheSameLease() {
        Lease first = grant("alice");
        Lease second = granted(acquire(request("alice", first.leaseId(), TTL)));
        assertThat(second.leaseId()).isEqualTo(first.leaseId());
        assertThat(second.lock().fencingToken()).isEqualTo(first.lock().fencingToken());
        assertThat(second.lock().acquiredAt()).isEqualTo(first.lock().acquiredAt());
    }

    @Test
    default void askingAgainChangesNeitherTheEndNorTheOwner() {
        Lease first = grant("alice");
        Lease second = granted(acquire(request("bob", first.leaseId(), TTL.multipliedBy(2))));
        assertThat(second.lock().expiresAt()).isEqualTo(first.lock().expiresAt());
        assertThat(second.lock().ttl()).isEqualTo(TTL);
        assertThat(second.lock().ownerId()).isEqualTo("alice");
    }

    @Test
    default void askingAgainAfterARenewalReturnsTheRenewedLease() {
        Lease first = grant("alice");
        Lease renewed = renewed(renew(first));
        Lease again = granted(acquire(request("alice", first.leaseId(), TTL)));
        assertThat(again.lock().fencingToken()).isEqualTo(first.lock().fencingToken());
        assertThat(again.lock().expiresAt()).isEqualTo(renewed.lock().expiresAt());
    }

    @Test
    default void anExpiredLeaseIsTakenOverWithAHigherToken() {
        Lease first = grant("alice");
        expire(stream());
        Lease second = grant("bob");
        assertThat(second.lock().fencingToken()).isGreaterThan(first.lock().fencingToken());
        assertThat(second.lock().acquiredAt()).isAfterOrEqualTo(first.lock().acquiredAt());
    }

    @Test
    default void aReleasedStreamIsGrantedAtOnceWithAHigherToken() {
        Lease first = grant("alice");
        release(first);
        assertThat(grant("bob").lock().fencingToken())
                .isGreaterThan(first.lock().fencingToken());
    }

    @Test
    default void aReleasedLeaseIdIsNotGrantedAgain() {
        Lease lease = grant("alice");
        release(lease);
        assertThat(acquire(request("alice", lease.leaseId(), TTL))).isInstanceOf(LeaseIdUsed.class);
        assertThat(locks().find(stream())).isEmpty();
    }

    @Test
    default void anExpiredLeaseIdIsNotGrantedAgain() {
        Lease lease = grant("alice");
        expire(stream());
        assertThat(acquire(request("alice", lease.leaseId(), TTL))).isInstanceOf(LeaseIdUsed.class);
        assertThat(locks().find(stream())).isEmpty();
    }

    @Test
    default void aSupersededLeaseIdIsNotGrantedAgainWhileItsSuccessorIsLive() {
        Lease first = grant("alice");
        expire(stream());
        Lease second = grant("bob");
        assertThat(acquire(request("alice", first.leaseId(), TTL))).isInstanceOf(LeaseIdUsed.class);
        assertThat(renew(second)).isInstanceOf(RenewOutcome.Renewed.class);
    }

    @Test
    default void aSupersededLeaseIdIsNotGrantedAgainAfterItsSuccessorHasEnded() {
        Lease first = grant("alice");
        release(first);
        release(grant("bob"));
        assertThat(acquire(request("alice", first.leaseId(), TTL))).isInstanceOf(LeaseIdUsed.class);
    }

    @Test
    default void fencingTokensRiseThroughReleaseExpiryAndPurge() {
        List<Long> tokens = new ArrayList<>();
        for (int i = 0; i < 3; i++) {
            Lease released = grant("alice");
            tokens.add(released.lock().fencingToken());
            release(released);
            tokens.add(grant("bob").lock().fencingToken());
            expire(stream());
            tokens.add(grant("carol").lock().fencingToken());
            expire(stream());
            age(stream(), Duration.ofHours(2));
            locks().purge(Duration.ofHours(1));
        }
        assertThat(tokens).isSorted().doesNotHaveDuplicates();
        assertThat(tokens).allSatisfy(token -> assertThat(token).isLessThan(1L << 53));
    }

    @ParameterizedTest
    @MethodSource("io.streamlocks.testkit.contract.AcquireContract#oddIds")
    default void anyPrintableIdNamesAStreamOfItsOwn(String oddId) {
        Lease lease = granted(acquire(new AcquireRequest(oddId, oddId, UUID.randomUUID(), TTL)));
        assertThat(lease.lock().streamId()).isEqualTo(oddId);
        assertThat(lease.lock().ownerId()).isEqualTo(oddId);
        assertThat(locks().find(oddId).orElseThrow().streamId()).isEqualTo(oddId);
        assertThat(renew(lease)).isInstanceOf(RenewOutcome.Renewed.class);
        assertThat(release(lease)).isInstanceOf(ReleaseOutcome.Released.class);
        assertThat(locks().find(oddId)).isEmpty();
    }

    @Test
    default void idsThatLookAlikeWhenDecodedOrFoldedAreDifferentStreams() {
        List<String> ids = Stream.of("/a", "%2Fa", "%252Fa", "/A", "/a ", " /a", "/á", "/a\u0301")
                .map(id -> stream() + id)
                .toList();
        List<AcquireOutcome> outcomes = locks().acquire(ids.stream()
                .map(id -> new AcquireRequest(id, "alice", UUID.randomUUID(), TTL))
                .toList());
        assertThat(outcomes).hasOnlyElementsOfType(Granted.class);
    }

    static Stream<Duration> boundaryTtls() {
        return Stream.of(Duration.ofMillis(1000), Duration.ofMillis(86_400_000));
    }

    static Stream<String> oddIds() {
        String random = UUID.randomUUID().toString();
        return Stream.of(
                        "/",
                        "a/b",
                        "//",
                        "%",
                        "%2F",
                        "%252B",
                        "+",
                        " a b ",
                        ".",
                        "..",
                        "../..",
                        "acquire",
                        "a;b=c",
                        "?x=y",
                        "#",
                        "\\",
                        "\"",
                        "'",
                        "*~:@!$&()",
                        "naïve",
                        "日本",
                        "😀👩‍👩‍👧",
                        "null",
                        "{streamId}",
                        "😀".repeat(219))
                // Each run uses a stream of its own, except where the name itself is tested.
                .map(id -> List.of(".", "..", "acquire", "/", "%", "+").contains(id) ? id : id + random)
                .map(id ->
                        id.codePointCount(0, id.length()) > 255 ? id.substring(0, id.offsetByCodePoints(0, 255)) : id);
    }
}
