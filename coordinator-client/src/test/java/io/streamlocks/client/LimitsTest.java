package io.streamlocks.client;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;
import static org.assertj.core.api.Assertions.catchThrowable;

import io.streamlocks.coordinator.lock.Limits;
import java.net.URI;
import java.time.Duration;
import org.junit.jupiter.api.Test;

/** The client enforces the bounds of the server. */
class LimitsTest {

    /** No server listens there: a call that reaches the network fails in another way. */
    private static final URI NO_SERVER = URI.create("http://127.0.0.1:1");

    @Test
    void aBatchIsAsLongAsTheServerAccepts() {
        assertThat(ContractLimits.MAX_BATCH).isEqualTo(Limits.MAX_BATCH_ITEMS);
    }

    @Test
    void theBodyOfABatchIsAsLargeAsTheServerAccepts() {
        assertThat(ContractLimits.MAX_BATCH_BYTES).isEqualTo(Limits.MAX_BATCH_BYTES);
    }

    @Test
    void theTtlIsFromTheServersMinimumToItsMaximum() {
        for (Duration ttl : new Duration[] {Limits.MIN_TTL, Limits.MAX_TTL}) {
            clientWithTtl(ttl).close();
        }
        for (Duration ttl : new Duration[] {Limits.MIN_TTL.minusMillis(1), Limits.MAX_TTL.plusMillis(1)}) {
            assertThatIllegalArgumentException().isThrownBy(() -> clientWithTtl(ttl));
        }
    }

    private static StreamLockClient clientWithTtl(Duration ttl) {
        return StreamLockClient.builder(NO_SERVER).ttl(ttl).build();
    }

    @Test
    void aStreamIdIsAsLongAsTheServerAccepts() {
        try (StreamLockClient client = StreamLockClient.builder(NO_SERVER)
                .acquireTimeout(Duration.ofMillis(1))
                .requestTimeout(Duration.ofMillis(100))
                .build()) {
            assertThatIllegalArgumentException()
                    .isThrownBy(() -> client.tryAcquire("x".repeat(Limits.MAX_ID_LENGTH + 1)));
            assertThat(catchThrowable(() -> client.tryAcquire("x".repeat(Limits.MAX_ID_LENGTH))))
                    .isInstanceOf(CoordinatorUnavailableException.class);
        }
    }
}
