package io.streamlocks.coordinator.log;

import ch.qos.logback.classic.Level;
import ch.qos.logback.classic.Logger;
import ch.qos.logback.classic.spi.ILoggingEvent;
import ch.qos.logback.classic.spi.ThrowableProxy;
import ch.qos.logback.core.AppenderBase;
import io.streamlocks.testkit.rig.Logback;
import java.util.List;
import java.util.Queue;
import java.util.concurrent.ConcurrentLinkedQueue;
import org.junit.jupiter.api.extension.AfterEachCallback;
import org.junit.jupiter.api.extension.ExtensionContext;

/**
 * Collects what is logged until it is closed. As a registered extension of JUnit, it is closed after each test. This
 * class is thread-safe.
 */
public final class CapturedLog implements AutoCloseable, AfterEachCallback {

    private final Queue<ILoggingEvent> events = new ConcurrentLinkedQueue<>();
    private final Logger logger;
    private final AppenderBase<ILoggingEvent> appender = new AppenderBase<>() {
        @Override
        protected void append(ILoggingEvent event) {
            events.add(event);
        }
    };

    /** Collects what all loggers log. */
    public CapturedLog() {
        this(org.slf4j.Logger.ROOT_LOGGER_NAME);
    }

    /** Collects what a class logs. */
    public CapturedLog(Class<?> of) {
        this(of.getName());
    }

    /** Collects what a logger and those below it log. */
    public CapturedLog(String name) {
        logger = Logback.logger(name);
        appender.start();
        logger.addAppender(appender);
    }

    /** Returns the messages of at least this level, with their level and the message of their exception. */
    public List<String> from(Level level) {
        return events.stream()
                .filter(event -> event.getLevel().isGreaterOrEqual(level))
                .map(event -> event.toString()
                        + (event.getThrowableProxy() == null
                                ? ""
                                : " " + event.getThrowableProxy().getMessage()))
                .toList();
    }

    /** Returns the messages of all levels. */
    public List<String> messages() {
        return events.stream().map(ILoggingEvent::getFormattedMessage).toList();
    }

    /** Returns the exceptions and errors that were logged. Fails if a message has none. */
    public List<Throwable> throwables() {
        return events.stream()
                .map(event -> ((ThrowableProxy) event.getThrowableProxy()).getThrowable())
                .toList();
    }

    /** Returns all that was logged. */
    public List<ILoggingEvent> events() {
        return List.copyOf(events);
    }

    @Override
    public void afterEach(ExtensionContext context) {
        close();
    }

    @Override
    public void close() {
        logger.detachAppender(appender);
    }
}
