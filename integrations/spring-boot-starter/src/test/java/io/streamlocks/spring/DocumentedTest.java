package io.streamlocks.spring;

import static org.assertj.core.api.Assertions.assertThat;

import io.streamlocks.client.StreamLockClient;
import io.streamlocks.testkit.InProcessCoordinator;
import org.junit.jupiter.api.Test;
import org.springframework.beans.factory.annotation.Autowired;
import org.springframework.boot.autoconfigure.EnableAutoConfiguration;
import org.springframework.boot.test.context.SpringBootTest;
import org.springframework.test.context.DynamicPropertyRegistry;
import org.springframework.test.context.DynamicPropertySource;

/** A test of an application, as docs/spring.md shows it. */
@SpringBootTest(classes = DocumentedTest.Application.class)
class DocumentedTest {

    static final InProcessCoordinator COORDINATOR = new InProcessCoordinator();

    @DynamicPropertySource
    static void coordinator(DynamicPropertyRegistry properties) {
        properties.add("stream-locks.urls", COORDINATOR::uri);
    }

    @EnableAutoConfiguration
    static class Application {}

    @Autowired
    private StreamLockClient client;

    @Test
    void theApplicationUsesTheCoordinatorOfTheTest() {
        assertThat(client.tryAcquire("orders/eu")).isPresent();
        assertThat(Held.at(COORDINATOR)).contains("orders/eu");
    }
}
