package io.streamlocks.coordinator.log;

import static org.assertj.core.api.Assertions.assertThat;

import java.sql.SQLException;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

class RootCauseTest {

    @Test
    void anErrorIsFoundInItsWrappers() {
        OutOfMemoryError error = new OutOfMemoryError("Java heap space");
        SQLException wrapped = new SQLException("wrapped", error);
        assertThat(RootCause.of(new IllegalStateException(wrapped))).isSameAs(error);
        assertThat(RootCause.errorOf(new IllegalStateException(wrapped))).containsSame(error);
        assertThat(RootCause.errorOf(error)).containsSame(error);
        assertThat(RootCause.errorOf(new SQLException("alone"))).isEmpty();
    }

    @Test
    @Timeout(value = 60, threadMode = Timeout.ThreadMode.SEPARATE_THREAD)
    void causesThatFormACircleEnd() {
        Exception one = new Exception("one");
        Exception two = new Exception("two", one);
        one.initCause(two);
        assertThat(RootCause.of(one)).isIn(one, two);
        assertThat(RootCause.errorOf(one)).isEmpty();
    }
}
