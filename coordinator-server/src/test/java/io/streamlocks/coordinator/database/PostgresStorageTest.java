package io.streamlocks.coordinator.database;

import static org.assertj.core.api.Assertions.assertThat;

import io.streamlocks.coordinator.lock.StorageUnavailableException;
import java.sql.SQLException;
import java.sql.SQLTransientConnectionException;
import org.jooq.exception.DataAccessException;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class PostgresStorageTest {

    @ParameterizedTest
    @ValueSource(strings = {"08001", "08006", "28P01", "28000", "57P01", "57P03"})
    void aDatabaseThatCannotBeReachedIsAway(String state) {
        assertThat(PostgresStorage.isAway(failure(new SQLException("x", state))))
                .isTrue();
    }

    @Test
    void aPoolThatHasNoConnectionToGiveIsAway() {
        assertThat(PostgresStorage.isAway(failure(new SQLTransientConnectionException("timed out"))))
                .isTrue();
    }

    /** A missing right, a missing table and a slow statement are logged nowhere else. */
    @ParameterizedTest
    @ValueSource(strings = {"42501", "42P01", "57014", "55P03", "53200", "25006"})
    void aDatabaseThatRejectsAStatementIsNotAway(String state) {
        assertThat(PostgresStorage.isAway(failure(new SQLException("x", state))))
                .isFalse();
    }

    @Test
    void aDatabaseThatLacksSomethingIsNotAway() {
        assertThat(PostgresStorage.isAway(StorageUnavailableException.lacking("a table")))
                .isFalse();
    }

    private static StorageUnavailableException failure(SQLException cause) {
        return new StorageUnavailableException("PostgreSQL failed to look", new DataAccessException("look", cause));
    }
}
