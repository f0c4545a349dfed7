package io.streamlocks.testkit.rig;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.awaitility.Awaitility.await;

import java.nio.file.Path;
import java.sql.SQLException;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;

@Tag("postgres")
class PostgresServerTest {

    @Test
    void aServerKeepsItsDataAndItsPortThroughStopAndKillAndIsDurableByDefault() throws Exception {
        Path data;
        try (PostgresServer server = PostgresServer.builder().start()) {
            data = server.data();
            server.execute("CREATE TABLE t AS SELECT 1 AS n");
            server.stop();
            assertThatThrownBy(() -> server.query("SELECT n FROM t")).isInstanceOf(SQLException.class);
            server.start();
            assertThat(server.query("SELECT n FROM t")).isEqualTo("1");
            server.execute("UPDATE t SET n = 2");
            server.kill();
            server.start();
            assertThat(server.query("SELECT n FROM t")).isEqualTo("2");
            assertThat(server.query("SHOW fsync")).isEqualTo("on");
            assertThat(server.query("SHOW synchronous_commit")).isEqualTo("on");
        }
        assertThat(data).doesNotExist();
    }

    @Test
    void aCopyOfARunningServerStreamsFromItAndCanBePromoted() throws Exception {
        try (PostgresServer primary = PostgresServer.builder().start();
                PostgresServer standby = PostgresServer.builder().build()) {
            primary.execute("CREATE TABLE t (n int)");
            standby.copyFrom(primary);
            standby.start();
            primary.await("SELECT state FROM pg_stat_replication WHERE application_name = 'standby'", "streaming");
            primary.execute("INSERT INTO t VALUES (1)");
            await().until(() -> "1".equals(standby.query("SELECT n FROM t")));
            primary.kill();
            standby.execute("SELECT pg_promote()");
            standby.await("SELECT pg_is_in_recovery()", "f");
            standby.execute("INSERT INTO t VALUES (2)");
        }
    }
}
