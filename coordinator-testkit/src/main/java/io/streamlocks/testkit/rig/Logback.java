package io.streamlocks.testkit.rig;

import static org.awaitility.Awaitility.await;

import ch.qos.logback.classic.Logger;
import ch.qos.logback.classic.LoggerContext;
import org.slf4j.LoggerFactory;

/** The logging of this JVM. This class is thread-safe. */
public final class Logback {

    private Logback() {}

    /**
     * Returns a logger. While SLF4J starts on the thread of another test, it returns loggers that are not Logback's, so
     * this method waits until it has started, for up to 10 s.
     */
    public static Logger logger(String name) {
        await().until(() -> LoggerFactory.getILoggerFactory() instanceof LoggerContext);
        return (Logger) LoggerFactory.getLogger(name);
    }
}
