package io.streamlocks.coordinator.database;

import io.streamlocks.coordinator.reload.Reloaded;
import java.time.Duration;
import java.util.Optional;
import org.postgresql.ds.PGSimpleDataSource;

/**
 * How the server connects to the database.
 *
 * @param url where the database is
 * @param password the password in a file; empty if the URL contains it, or if there is none
 * @param poolSize the most connections
 * @param connectionTimeout how long a call waits for a connection
 * @param statementTimeout how long a statement may take
 * @param epochGrace for how long no lease is granted after an epoch of the database has begun
 */
public record DatabaseSettings(
        DatabaseUrl url,
        Optional<Reloaded<String>> password,
        int poolSize,
        Duration connectionTimeout,
        Duration statementTimeout,
        Duration epochGrace) {

    /** Returns a data source that opens a connection per call, with the password that its file contains by then. */
    PGSimpleDataSource dataSource() {
        return url.dataSource(
                password.<PGSimpleDataSource>map(PasswordFileDataSource::new).orElseGet(HostsDataSource::new));
    }
}
