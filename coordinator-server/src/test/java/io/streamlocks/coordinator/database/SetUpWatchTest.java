package io.streamlocks.coordinator.database;

import static org.assertj.core.api.Assertions.assertThat;

import ch.qos.logback.classic.Level;
import io.streamlocks.coordinator.lock.postgres.SetUpCheck;
import io.streamlocks.coordinator.log.CapturedLog;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.junit.jupiter.api.parallel.Isolated;

/** Tests what is logged about the set-up of the database, and how often. */
@Isolated
class SetUpWatchTest {

    @RegisterExtension
    private final CapturedLog log = new CapturedLog(SetUpWatch.class);

    private SetUpCheck.Report report = new SetUpCheck.Report("server 1", List.of());
    private final SetUpWatch watch =
            new SetUpWatch(DatabaseUrl.parse("postgres://user:secret@db-a/locks"), () -> report);

    @Test
    void aFindingIsLoggedOnceAndWhenItIsGone() {
        see("server 1", "fsync is off");
        see("server 1", "fsync is off");
        assertThat(log.from(Level.INFO))
                .containsExactly("[WARN] PostgreSQL at postgres://db-a:5432/locks: fsync is off");
        see("server 1", "fsync is off", "it is a standby");
        see("server 1", "it is a standby");
        see("server 1", "it is a standby");
        assertThat(log.from(Level.INFO))
                .containsExactly(
                        "[WARN] PostgreSQL at postgres://db-a:5432/locks: fsync is off",
                        "[WARN] PostgreSQL at postgres://db-a:5432/locks: it is a standby",
                        "[INFO] PostgreSQL at postgres://db-a:5432/locks: no longer found: fsync is off");
    }

    @Test
    void aFindingIsLoggedAgainForAnotherServer() {
        see("server 1", "fsync is off");
        see("server 2", "fsync is off");
        see("server 2", "fsync is off");
        assertThat(log.from(Level.INFO)).hasSize(2);
    }

    @Test
    void aUrlThatTakesAnyServerIsAFindingToo() {
        new SetUpWatch(DatabaseUrl.parse("postgres://db-a,db-b/locks?target_session_attrs=any"), () -> report).run();
        assertThat(log.from(Level.INFO)).singleElement().asString().contains("accepts any of them");
    }

    private void see(String server, String... findings) {
        report = new SetUpCheck.Report(server, List.of(findings));
        watch.run();
    }
}
