package io.streamlocks.coordinator.log;

import ch.qos.logback.classic.pattern.ThrowableProxyConverter;
import ch.qos.logback.classic.spi.ILoggingEvent;
import java.util.regex.Pattern;

/**
 * The stack trace below a log line as text, {@link Printable}; its messages may have several lines, none of which looks
 * like a log line of its own. {@code logback-text.xml} names it.
 */
public final class PrintableStackTrace extends ThrowableProxyConverter {

    private static final Pattern BEGIN_OF_LINE = Pattern.compile("\\R(?!\\t|Caused by: |\\z)");

    @Override
    public String convert(ILoggingEvent event) {
        String trace = BEGIN_OF_LINE.matcher(super.convert(event)).replaceAll("\n\t");
        return Printable.of(trace, "\n\t");
    }
}
