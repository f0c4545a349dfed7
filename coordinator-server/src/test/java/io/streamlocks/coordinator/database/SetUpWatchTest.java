package io.streamlocks.coordinator.database;

import static org.assertj.core.api.Assertions.assertThat;

import ch.qos.logback.classic.Level;
import ch.qos.logback.classic.Logger;
import ch.qos.logback.classic.spi.ILoggingEvent;
import ch.qos.logback.core.read.ListAppender;
import io.streamlocks.coordinator.lock.postgres.SetUpCheck;
import java.util.List;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.slf4j.LoggerFactory;

/** Tests what is logged about the set-up of the database, and how often. */
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
    void aFindingIsLoggedOnceAndWhenItIsGone() {
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
                        "INFO PostgreSQL at postgres://db-a:5432/locks: no longer found: fsync is off");
    }

    @Test
    void aFindingIsLoggedAgainForAnotherServer() {
        see("server 1", "fsync is off");
        see("server 2", "fsync is off");
        see("server 2", "fsync is off");
        assertThat(logged()).hasSize(2);
    }

    @Test
    void aUrlThatTakesAnyServerIsAFindingToo() {
        new SetUpWatch(DatabaseUrl.parse("postgres://db-a,db-b/locks?target_session_attrs=any"), () -> report).run();
        assertThat(logged()).singleElement().asString().contains("accepts any of them");
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
