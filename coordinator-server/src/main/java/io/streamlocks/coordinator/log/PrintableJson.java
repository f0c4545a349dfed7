package io.streamlocks.coordinator.log;

import ch.qos.logback.classic.encoder.JsonEncoder;
import ch.qos.logback.classic.spi.ILoggingEvent;
import java.nio.charset.StandardCharsets;

/**
 * A log line as JSON, {@link Printable}: the same object, with more of its characters written out than JSON asks for.
 * {@code logback-json.xml} names it.
 */
public final class PrintableJson extends JsonEncoder {

    @Override
    public byte[] encode(ILoggingEvent event) {
        String line = new String(super.encode(event), StandardCharsets.UTF_8);
        // Within its strings the encoder has written out the ends of lines itself.
        return Printable.of(line, "\n").getBytes(StandardCharsets.UTF_8);
    }
}
