package io.streamlocks.coordinator.log;

import ch.qos.logback.classic.pattern.ThrowableProxyConverter;
import ch.qos.logback.classic.spi.ILoggingEvent;
import java.util.regex.Pattern;

/**
 * Writes the stack trace below a log line as {@link Printable} text. Its messages may have several lines, and none of
 * them looks like a log line. {@code logback-text.xml} refers to this class.
 */
public final class PrintableStackTrace extends ThrowableProxyConverter {

    private static final Pattern BEGIN_OF_LINE = Pattern.compile("\\R(?!\\t|Caused by: |\\z)");

    @Override
    public String convert(ILoggingEvent event) {
        String trace = BEGIN_OF_LINE.matcher(super.convert(event)).replaceAll("\n\t");
        return Printable.of(trace, "\n\t");
    }
}
