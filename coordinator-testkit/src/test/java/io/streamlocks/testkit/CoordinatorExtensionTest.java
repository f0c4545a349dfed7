package io.streamlocks.testkit;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.net.Socket;
import java.net.URI;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.MethodOrderer;
import org.junit.jupiter.api.Nested;
import org.junit.jupiter.api.Order;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestMethodOrder;
import org.junit.jupiter.api.extension.RegisterExtension;

/** Tests when the coordinator stops that is the extension of a test. */
@TestMethodOrder(MethodOrderer.OrderAnnotation.class)
class CoordinatorExtensionTest {

    @RegisterExtension
    static final InProcessCoordinator OF_THE_CLASS = new InProcessCoordinator();

    @RegisterExtension
    final InProcessCoordinator ofTheTest = new InProcessCoordinator();

    private static URI previous;

    private static boolean listens(URI uri) {
        try (Socket socket = new Socket(uri.getHost(), uri.getPort())) {
            return socket.isConnected();
        } catch (IOException refused) {
            return false;
        }
    }

    @Test
    @Order(1)
    void bothRunDuringATest() {
        previous = ofTheTest.uri();
        assertThat(listens(OF_THE_CLASS.uri())).isTrue();
        assertThat(listens(ofTheTest.uri())).isTrue();
    }

    @Test
    @Order(2)
    void theOneInAnInstanceFieldStopsAfterItsTestAndTheOtherDoesNot() {
        assertThat(listens(previous)).isFalse();
        assertThat(listens(OF_THE_CLASS.uri())).isTrue();
    }

    /** JUnit calls the extension of a class before and after each nested class as well. */
    @Nested
    class OneNestedClass {
        @Test
        void itRuns() {
            assertThat(listens(OF_THE_CLASS.uri())).isTrue();
        }
    }

    @Nested
    class AnotherNestedClass {
        @Test
        void itStillRuns() {
            assertThat(listens(OF_THE_CLASS.uri())).isTrue();
        }
    }

    @AfterAll
    static void itStillRunsAtTheEnd() {
        assertThat(listens(OF_THE_CLASS.uri())).isTrue();
    }
}
