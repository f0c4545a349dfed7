package io.streamlocks.coordinator.log;

import ch.qos.logback.classic.pattern.MessageConverter;
import ch.qos.logback.classic.spi.ILoggingEvent;

/**
 * Writes the message of a log line as {@link Printable} text, always as one line. {@code logback-text.xml} refers to
 * this class.
 */
public final class PrintableMessage extends MessageConverter {

    @Override
    public String convert(ILoggingEvent event) {
        String message = super.convert(event);
        return message == null ? "" : Printable.of(message);
    }
}
