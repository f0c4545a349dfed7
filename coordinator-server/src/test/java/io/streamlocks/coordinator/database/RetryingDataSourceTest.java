package io.streamlocks.coordinator.database;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.lang.reflect.Proxy;
import java.sql.Connection;
import java.sql.SQLException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.postgresql.ds.PGSimpleDataSource;

class RetryingDataSourceTest {

    private final List<Duration> pauses = new ArrayList<>();
    private int failuresLeft;
    private String failure = "The database is away";

    private final RetryingDataSource dataSource = new RetryingDataSource(new FailingDataSource(), pauses::add);

    @Test
    void theFirstFailureIsReportedAtOnce() {
        failuresLeft = 1;

        assertThatThrownBy(dataSource::getConnection).isInstanceOf(SQLException.class);
        assertThat(pauses).isEmpty();
    }

    @Test
    void theReturnOfTheDatabaseIsNoticedWithinHalfASecondHoweverLongItWasAway() throws SQLException {
        failuresLeft = 1000;
        assertThatThrownBy(dataSource::getConnection).isInstanceOf(SQLException.class);

        assertThat(dataSource.getConnection()).isNotNull();
        assertThat(pauses)
                .hasSize(999)
                .startsWith(Duration.ofMillis(50), Duration.ofMillis(100))
                .allMatch(pause -> pause.compareTo(Duration.ofMillis(500)) <= 0);
    }

    @Test
    void aFailureThatDiffersFromTheLastOneIsReported() {
        failuresLeft = 2;
        assertThatThrownBy(dataSource::getConnection).hasMessage("The database is away");
        failure = "No password";

        assertThatThrownBy(dataSource::getConnection).hasMessage("No password");
        assertThat(pauses).isEmpty();
    }

    @Test
    void theNextOutageIsReportedAgain() throws SQLException {
        failuresLeft = 1;
        assertThatThrownBy(dataSource::getConnection).isInstanceOf(SQLException.class);
        assertThat(dataSource.getConnection()).isNotNull();
        failuresLeft = 1;

        assertThatThrownBy(dataSource::getConnection).isInstanceOf(SQLException.class);
        assertThat(pauses).isEmpty();
    }

    @Test
    void anInterruptionEndsTheTriesAndStays() {
        RetryingDataSource interrupted = new RetryingDataSource(new FailingDataSource(), pause -> {
            throw new InterruptedException();
        });
        failuresLeft = Integer.MAX_VALUE;
        assertThatThrownBy(interrupted::getConnection).isInstanceOf(SQLException.class);

        assertThatThrownBy(interrupted::getConnection).isInstanceOf(SQLException.class);
        assertThat(Thread.interrupted()).isTrue();
    }

    private final class FailingDataSource extends PGSimpleDataSource {
        private static final long serialVersionUID = 1;

        @Override
        public Connection getConnection() throws SQLException {
            if (failuresLeft > 0) {
                failuresLeft--;
                throw new SQLException(failure);
            }
            return (Connection) Proxy.newProxyInstance(
                    getClass().getClassLoader(), new Class<?>[] {Connection.class}, (proxy, method, args) -> null);
        }
    }
}
