package io.streamlocks.coordinator;

import static org.awaitility.Awaitility.await;

import io.streamlocks.testkit.rig.PostgresServer;
import java.util.List;
import org.jooq.exception.DataAccessException;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** Lets the commits of a PostgreSQL wait for a standby. */
record CommitWaits(PostgresServer postgres) {

    private static final Logger LOG = LoggerFactory.getLogger(CommitWaits.class);

    /** Makes commits wait for this standby from now on, or for none if the name is empty. */
    void waitForStandby(String standby) {
        postgres.sql("postgres").execute("ALTER SYSTEM SET synchronous_standby_names = '" + standby + "'");
        postgres.sql("postgres").execute("SELECT pg_reload_conf()");
        if (!standby.isEmpty()) {
            awaitThatCommitsWait();
        }
    }

    /** Each process of PostgreSQL reads a changed setting by itself, so one process that shows it proves nothing. */
    private void awaitThatCommitsWait() {
        Thread writing = new Thread(() -> {
            try {
                while (true) {
                    postgres.sql("postgres").execute("SELECT pg_logical_emit_message(true, 'test', '')");
                }
            } catch (DataAccessException e) {
                LOG.info("A commit waited and was ended: {}", e.getMessage());
            }
        });
        writing.start();
        await().until(() -> !waiting("postgres").isEmpty());
        waiting("postgres").forEach(pid -> postgres.sql("postgres").execute("SELECT pg_terminate_backend(?)", pid));
    }

    /** Returns the sessions of a database whose commits wait for a standby. */
    List<Integer> waiting(String database) {
        return postgres.sql("postgres")
                .fetch("SELECT pid FROM pg_stat_activity WHERE datname = ? AND wait_event = 'SyncRep'", database)
                .getValues(0, Integer.class);
    }
}
