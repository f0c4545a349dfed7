package io.streamlocks.coordinator.lock.group;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import io.streamlocks.coordinator.lock.AcquireOutcome;
import io.streamlocks.coordinator.lock.ReleaseOutcome;
import io.streamlocks.coordinator.lock.ReleaseRequest;
import io.streamlocks.coordinator.lock.StorageUnavailableException;
import java.util.ArrayList;
import java.util.List;
import java.util.UUID;
import java.util.concurrent.CompletableFuture;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Which acquires and releases share a transaction. */
class TogetherTest extends GroupCommitFixture {

    private CompletableFuture<ReleaseOutcome> release(String streamId, UUID leaseId) {
        return locks.release("caller", List.of(new ReleaseRequest(streamId, leaseId)))
                .thenApply(outcomes -> outcomes.get(0));
    }

    private CompletableFuture<ReleaseOutcome> release(String streamId) {
        return release(streamId, UUID.randomUUID());
    }

    @Test
    void callsWithOneRequestEachShareATransaction() throws Exception {
        storage.letGo(1);
        get(acquire(stream));
        var first = acquireAndAwaitStatement(streams.get(1));
        var released = release(stream, leaseId);
        var second = acquire(streams.get(2));
        var third = acquire(streams.get(3));
        storage.letAllGo();
        get(first);
        assertThat(get(released)).isEqualTo(new ReleaseOutcome.Released());
        assertThat(get(second)).isInstanceOf(AcquireOutcome.Granted.class);
        assertThat(get(third)).isInstanceOf(AcquireOutcome.Granted.class);
        assertThat(storage.together).containsExactly(streams.subList(2, 4) + " " + List.of(stream));
    }

    /** A client that combines calls sends the next ones meanwhile. */
    @Test
    void aCallWithMoreRequestsSharesNone() throws Exception {
        var first = acquireAndAwaitStatement(stream);
        var batch = locks.acquire("caller", requests(streams.subList(1, 3)));
        var ofOne = release(streams.get(3));
        storage.letAllGo();
        get(first);
        get(batch);
        get(ofOne);
        assertThat(storage.together).isEmpty();
    }

    @Test
    void aCallWithMoreRequestsJoinsNone() throws Exception {
        var first = acquireAndAwaitStatement(stream);
        var ofOne = acquire(streams.get(1));
        var batch = locks.release(
                "caller",
                List.of(
                        new ReleaseRequest(streams.get(2), UUID.randomUUID()),
                        new ReleaseRequest(streams.get(3), UUID.randomUUID())));
        storage.letAllGo();
        get(first);
        get(ofOne);
        get(batch);
        assertThat(storage.together).isEmpty();
    }

    /** The first statement is that of the acquires in one case, and that of the releases in the other. */
    @ParameterizedTest
    @ValueSource(booleans = {true, false})
    void acquiresThatWouldDelayReleasesGoAloneNext(boolean acquiresAreFirst) throws Exception {
        storage.acquiresHaveToWait = true;
        var first = acquireAndAwaitStatement(stream);
        var early = acquiresAreFirst ? acquire(streams.get(1)) : null;
        var released = release(streams.get(2));
        var acquired = early == null ? acquire(streams.get(1)) : early;
        storage.letAllGo();
        get(first);
        assertThat(get(released)).isInstanceOf(ReleaseOutcome.Lost.class);
        assertThat(get(acquired)).isInstanceOf(AcquireOutcome.Granted.class);
        assertThat(storage.together).hasSize(1);
        assertThat(storage.statements)
                .containsExactly(
                        "acquire " + List.of(stream),
                        "release " + streams.subList(2, 3),
                        "acquire " + streams.subList(1, 2));
    }

    @Test
    void ifAnOutcomeIsMissingTheCallsOfBothFail() throws Exception {
        storage.losesAnOutcome = true;
        var first = acquireAndAwaitStatement(stream);
        var acquired = acquire(streams.get(1));
        var released = release(streams.get(2));
        storage.letAllGo();
        get(first);
        assertFails(acquired, IllegalStateException.class);
        assertFails(released, IllegalStateException.class);
    }

    @Test
    void manyRequestsOfOneKindShareNone() throws Exception {
        var first = acquireAndAwaitStatement(stream);
        List<CompletableFuture<?>> calls = new ArrayList<>(List.of(first));
        for (String id : ids().limit(Together.MOST + 1).toList()) {
            calls.add(acquire(id));
        }
        calls.add(release(streams.get(1)));
        storage.letAllGo();
        for (var call : calls) {
            get(call);
        }
        assertThat(storage.together).isEmpty();
    }

    @Test
    void theRequestsOfTheOtherKindBeyondTheBoundFollow() throws Exception {
        var first = acquireAndAwaitStatement(stream);
        List<CompletableFuture<?>> calls = new ArrayList<>(List.of(first, acquire(streams.get(1))));
        List<String> many = ids().limit(Together.MOST + 1).toList();
        for (String id : many) {
            calls.add(release(id));
        }
        storage.letAllGo();
        for (var call : calls) {
            get(call);
        }
        assertThat(storage.together).containsExactly(List.of(streams.get(1)) + " " + many.subList(0, Together.MOST));
        assertThat(storage.statements.get(3)).isEqualTo("release " + many.subList(Together.MOST, many.size()));
    }

    @Test
    void noStreamIsInBoth() throws Exception {
        storage.letGo(1);
        get(acquire(stream));
        var first = acquireAndAwaitStatement(streams.get(1));
        var released = release(stream, leaseId);
        var next = locks.acquire("other", requests(List.of(stream)));
        storage.letAllGo();
        get(first);
        assertThat(get(released)).isEqualTo(new ReleaseOutcome.Released());
        assertThat(get(next)).hasOnlyElementsOfType(AcquireOutcome.Granted.class);
        assertThat(storage.together).isEmpty();
        assertThat(storage.overlapped).isFalse();
    }

    @Test
    void aFailureFailsTheCallsOfBothAndNoOthers() throws Exception {
        var first = acquireAndAwaitStatement(stream);
        var acquired = acquire(streams.get(1));
        var released = release(streams.get(2));
        storage.letGo(1);
        get(first);
        await().until(() -> storage.statements.size() == 2);
        storage.failure = new StorageUnavailableException("Out of order", new IllegalStateException());
        storage.letAllGo();
        assertFails(acquired, StorageUnavailableException.class);
        assertFails(released, StorageUnavailableException.class);
        assertThat(get(acquire(streams.get(1)))).isInstanceOf(AcquireOutcome.Granted.class);
    }

    @Test
    void blockedRequestsOfBothAreTriedAgain() throws Exception {
        var first = acquireAndAwaitStatement(stream);
        storage.locked.addAll(streams.subList(1, 3));
        var acquired = acquire(streams.get(1));
        var released = release(streams.get(2));
        storage.letAllGo();
        get(first);
        await().until(() -> storage.statements.size() > 4);
        storage.locked.clear();
        assertThat(get(acquired)).isInstanceOf(AcquireOutcome.Granted.class);
        assertThat(get(released)).isInstanceOf(ReleaseOutcome.Lost.class);
    }
}
