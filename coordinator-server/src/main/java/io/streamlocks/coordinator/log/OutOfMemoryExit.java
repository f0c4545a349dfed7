package io.streamlocks.coordinator.log;

import ch.qos.logback.classic.Level;
import ch.qos.logback.classic.Logger;
import ch.qos.logback.classic.LoggerContext;
import ch.qos.logback.classic.turbo.TurboFilter;
import ch.qos.logback.core.spi.FilterReply;
import java.util.concurrent.atomic.AtomicBoolean;
import org.slf4j.LoggerFactory;
import org.slf4j.Marker;

/**
 * Ends the process when a thread has run out of memory: what else failed with it is not known, and whoever started the
 * process starts it anew. The JVM does that by itself if it is told to ({@code coordinator.jvm}), but for memory outside of
 * the heap. Libraries catch what their threads throw, but log it; so this sees what is logged, also on a level that is off.
 * That a thread could not be started is another matter, since the server goes on with those it has. Thread-safe.
 */
final class OutOfMemoryExit extends TurboFilter {

    /** As the JVM's own. */
    static final int STATUS = 3;

    /** Causes may go round in a circle. */
    private static final int MAX_CAUSES = 100;

    private static final org.slf4j.Logger LOG = LoggerFactory.getLogger(OutOfMemoryExit.class);

    private final AtomicBoolean ending = new AtomicBoolean();

    private OutOfMemoryExit() {}

    /** Has all that is logged, and all that a thread dies of, looked at from now on. */
    static void install() {
        OutOfMemoryExit exit = new OutOfMemoryExit();
        ((LoggerContext) LoggerFactory.getILoggerFactory()).addTurboFilter(exit);
        Thread.setDefaultUncaughtExceptionHandler(
                (thread, e) -> LOG.error("The thread {} has ended", thread.getName(), e));
    }

    @Override
    public FilterReply decide(
            Marker marker, Logger logger, Level level, String format, Object[] parameters, Throwable thrown) {
        if (isOutOfMemory(thrown)) {
            end(thrown);
        } else if (parameters != null
                && parameters.length > 0
                && parameters[parameters.length - 1] instanceof Throwable last
                && isOutOfMemory(last)) {
            end(last);
        }
        return FilterReply.NEUTRAL;
    }

    static boolean isOutOfMemory(Throwable thrown) {
        Throwable cause = thrown;
        for (int i = 0; i < MAX_CAUSES && cause != null; i++, cause = cause.getCause()) {
            if (cause instanceof OutOfMemoryError error) {
                return error.getMessage() == null || !error.getMessage().contains("native thread");
            }
        }
        return false;
    }

    private void end(Throwable thrown) {
        if (!ending.compareAndSet(false, true)) {
            return;
        }
        try {
            LOG.error("Memory has run out, so this process ends with status {}: {}", STATUS, thrown.toString());
        } finally {
            Runtime.getRuntime().halt(STATUS);
        }
    }
}
