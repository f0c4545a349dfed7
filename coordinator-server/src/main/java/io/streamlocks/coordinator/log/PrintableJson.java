package io.streamlocks.coordinator.log;

import ch.qos.logback.classic.encoder.JsonEncoder;
import ch.qos.logback.classic.spi.ILoggingEvent;
import java.nio.charset.StandardCharsets;

/**
 * Writes a {@link Printable} log line as JSON. It escapes more characters than JSON requires, and the object stays the
 * same. {@code logback-json.xml} refers to this class.
 */
public final class PrintableJson extends JsonEncoder {

    @Override
    public byte[] encode(ILoggingEvent event) {
        String line = new String(super.encode(event), StandardCharsets.UTF_8);
        // The encoder has escaped the line ends within strings.
        return Printable.of(line, "\n").getBytes(StandardCharsets.UTF_8);
    }
}
