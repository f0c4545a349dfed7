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
 * Ends the process when a thread has run out of memory. It is unknown what else has failed then, and the platform
 * restarts the process. With the option in {@code coordinator.jvm} the JVM does this itself, but only for memory of the
 * heap.
 *
 * <p>Libraries catch the errors of their threads and log them. This class therefore sees everything that is logged, on
 * all levels. A thread that could not be started does not end the process, because the server continues with its other
 * threads. This class is thread-safe.
 */
public final class OutOfMemoryExit extends TurboFilter {

    /** The exit status, which is the same as that of the JVM. */
    public static final int STATUS = 3;

    /** The causes of an error may form a circle. */
    private static final int MAX_CAUSES = 100;

    private static final org.slf4j.Logger LOG = LoggerFactory.getLogger(OutOfMemoryExit.class);

    private final AtomicBoolean ending = new AtomicBoolean();

    private OutOfMemoryExit() {}

    /** Watches everything that is logged from now on, and every error that ends a thread. */
    public static void install() {
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
