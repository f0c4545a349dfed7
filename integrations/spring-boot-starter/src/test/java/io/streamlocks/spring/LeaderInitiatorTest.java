package io.streamlocks.spring;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import io.streamlocks.client.StreamLockClient;
import io.streamlocks.testkit.InProcessCoordinator;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.CopyOnWriteArrayList;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.springframework.integration.leader.Context;
import org.springframework.integration.leader.DefaultCandidate;
import org.springframework.integration.support.leader.LockRegistryLeaderInitiator;

/**
 * The leader of Spring Integration holds its lock for long, and locks it again at each heartbeat to learn whether it is
 * still the leader. It does not unlock a lock that it could not lock again.
 */
@Timeout(60)
class LeaderInitiatorTest {

    private static final Duration TTL = Duration.ofSeconds(30);

    @RegisterExtension
    final InProcessCoordinator coordinator = new InProcessCoordinator();

    private final List<String> events = new CopyOnWriteArrayList<>();

    @Test
    void aLeaderThatLosesItsLockIsRevokedAndCanBeElectedAgain() throws Exception {
        try (StreamLockClient client = StreamLockClient.builder(coordinator.uri())
                .ttl(TTL)
                .heartbeatInterval(Duration.ofMillis(100))
                .build()) {
            LockRegistryLeaderInitiator initiator = new LockRegistryLeaderInitiator(
                    new StreamLockRegistry(client, ""), new DefaultCandidate("node", "leader") {
                        @Override
                        public void onGranted(Context context) {
                            events.add("granted");
                        }

                        @Override
                        public void onRevoked(Context context) {
                            events.add("revoked");
                        }
                    });
            initiator.setHeartBeatMillis(100);
            initiator.setBusyWaitMillis(50);
            initiator.start();
            try {
                await().until(() -> events.equals(List.of("granted")));
                coordinator.advance(TTL);
                await().until(() -> events.equals(List.of("granted", "revoked", "granted")));
                assertThat(initiator.getContext().isLeader()).isTrue();
            } finally {
                initiator.destroy();
            }
            await().until(() -> Held.at(coordinator).equals("{\"locks\":[]}"));
        }
    }
}
