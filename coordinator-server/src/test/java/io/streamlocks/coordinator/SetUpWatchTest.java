package io.streamlocks.coordinator;

import static org.assertj.core.api.Assertions.assertThat;

import ch.qos.logback.classic.Level;
import ch.qos.logback.classic.Logger;
import ch.qos.logback.classic.spi.ILoggingEvent;
import ch.qos.logback.core.read.ListAppender;
import io.streamlocks.coordinator.lock.postgres.SetUpCheck;
import io.streamlocks.testkit.rig.TestDatabase;
import java.util.List;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.slf4j.LoggerFactory;

/** What the log says of how the database is set up, and how often. */
class SetUpWatchTest {

    private final Logger logger = (Logger) LoggerFactory.getLogger(SetUpWatch.class);
    private final ListAppender<ILoggingEvent> log = new ListAppender<>();
    private SetUpCheck.Report report = new SetUpCheck.Report("server 1", List.of());
    private final SetUpWatch watch =
            new SetUpWatch(DatabaseUrl.parse("postgres://user:secret@db-a/locks"), () -> report);

    @BeforeEach
    void listenToTheLog() {
        log.start();
        logger.addAppender(log);
    }

    @AfterEach
    void leaveTheLog() {
        logger.detachAppender(log);
    }

    @Test
    void aFindingIsToldOnceAndWhenItIsGone() {
        see("server 1", "fsync is off");
        see("server 1", "fsync is off");
        assertThat(logged()).containsExactly("WARN PostgreSQL at postgres://db-a:5432/locks: fsync is off");
        see("server 1", "fsync is off", "it is a standby");
        see("server 1", "it is a standby");
        see("server 1", "it is a standby");
        assertThat(logged())
                .containsExactly(
                        "WARN PostgreSQL at postgres://db-a:5432/locks: fsync is off",
                        "WARN PostgreSQL at postgres://db-a:5432/locks: it is a standby",
                        "INFO PostgreSQL at postgres://db-a:5432/locks: no longer so: fsync is off");
    }

    @Test
    void aFindingIsToldAgainOfAnotherServer() {
        see("server 1", "fsync is off");
        see("server 2", "fsync is off");
        see("server 2", "fsync is off");
        assertThat(logged()).hasSize(2);
    }

    @Test
    void aUrlThatTakesAnyServerIsAFindingToo() {
        new SetUpWatch(DatabaseUrl.parse("postgres://db-a,db-b/locks?target_session_attrs=any"), () -> report).run();
        assertThat(logged()).singleElement().asString().contains("takes any of them");
    }

    @Test
    void aServerTellsHowItsDatabaseIsSetUpBeforeItIsReadyAndServesAllTheSame() throws Exception {
        try (TestDatabase database = TestDatabase.empty();
                Coordinator coordinator = new Coordinator(CoordinatorConfig.from(Map.of(
                        "LOCK_BACKEND", "postgres",
                        "DATABASE_URL", database.url(),
                        "HTTP_PORT", "0",
                        "SHUTDOWN_DRAIN_MS", "0")))) {
            coordinator.ready().get(30, TimeUnit.SECONDS);
            assertThat(logged())
                    .hasSize(2)
                    .allSatisfy(line -> assertThat(line).startsWith("WARN PostgreSQL at postgres://localhost:"))
                    .satisfiesExactly(line -> assertThat(line).contains("fsync is off"), line -> assertThat(line)
                            .contains("synchronous_commit is off"));
        }
    }

    private void see(String server, String... findings) {
        report = new SetUpCheck.Report(server, List.of(findings));
        watch.run();
    }

    private List<String> logged() {
        return List.of(log.list.toArray(new ILoggingEvent[0])).stream()
                .filter(event -> event.getLevel().isGreaterOrEqual(Level.INFO))
                .map(event -> event.getLevel() + " " + event.getFormattedMessage())
                .toList();
    }
}
