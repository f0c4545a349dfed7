package io.streamlocks.bench;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import java.util.UUID;
import org.junit.jupiter.api.Test;

class LeaseBatchTest {

    private static final ObjectMapper JSON = new ObjectMapper();

    private final LeaseBatch batch = new LeaseBatch(List.of("a", "bb", "ccc"), 5000);

    @Test
    void aReleaseContainsTheLeasesOfTheAcquire() throws Exception {
        JsonNode acquired = JSON.readTree(batch.acquireBody()).path("items");
        JsonNode released = JSON.readTree(batch.body()).path("items");

        assertThat(acquired).hasSize(3);
        for (int i = 0; i < 3; i++) {
            assertThat(acquired.get(i).path("ttlMs").asInt()).isEqualTo(5000);
            assertThat(released.get(i).path("streamId"))
                    .isEqualTo(acquired.get(i).path("streamId"));
            assertThat(released.get(i).path("leaseId"))
                    .isEqualTo(acquired.get(i).path("leaseId"));
        }
    }

    @Test
    void noLeaseIdIsUsedTwice() throws Exception {
        Set<UUID> ids = new HashSet<>();
        for (int i = 0; i < 100; i++) {
            batch.newLeases();
            for (JsonNode item : JSON.readTree(batch.acquireBody()).path("items")) {
                ids.add(UUID.fromString(item.path("leaseId").asText()));
            }
        }

        assertThat(ids).hasSize(300);
    }
}
