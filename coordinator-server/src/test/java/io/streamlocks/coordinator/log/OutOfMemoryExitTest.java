package io.streamlocks.coordinator.log;

import static org.assertj.core.api.Assertions.assertThat;

import java.sql.SQLException;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

class OutOfMemoryExitTest {

    @Test
    void anOutOfMemoryErrorIsFoundInItsWrappersAndAThreadThatDidNotStartIsIgnored() {
        assertThat(OutOfMemoryExit.isOutOfMemory(new OutOfMemoryError("Java heap space")))
                .isTrue();
        assertThat(OutOfMemoryExit.isOutOfMemory(new SQLException(new OutOfMemoryError())))
                .isTrue();
        assertThat(OutOfMemoryExit.isOutOfMemory(new OutOfMemoryError("unable to create native thread")))
                .isFalse();
        assertThat(OutOfMemoryExit.isOutOfMemory(new SQLException("alone"))).isFalse();
        assertThat(OutOfMemoryExit.isOutOfMemory(null)).isFalse();
    }

    @Test
    @Timeout(value = 60, threadMode = Timeout.ThreadMode.SEPARATE_THREAD)
    void causesThatFormACircleEnd() {
        Exception one = new Exception("one");
        one.initCause(new Exception("two", one));
        assertThat(OutOfMemoryExit.isOutOfMemory(one)).isFalse();
    }
}
