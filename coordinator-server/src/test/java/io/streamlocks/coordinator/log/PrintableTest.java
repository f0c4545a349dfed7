package io.streamlocks.coordinator.log;

import static org.assertj.core.api.Assertions.assertThat;

import ch.qos.logback.classic.Level;
import ch.qos.logback.classic.Logger;
import ch.qos.logback.classic.LoggerContext;
import ch.qos.logback.classic.joran.JoranConfigurator;
import ch.qos.logback.classic.spi.ILoggingEvent;
import ch.qos.logback.classic.spi.LoggingEvent;
import ch.qos.logback.classic.util.LogbackMDCAdapter;
import ch.qos.logback.core.ConsoleAppender;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.nio.charset.StandardCharsets;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** Text from outside stays in its place, in both configured formats of the log. */
class PrintableTest {

    /** A line end, escape sequences of old and new terminals, an override of the direction, and line separators. */
    private static final String NASTY = "a\r\nb\u001b[2J\u009b2J\u202ec\u2028d\u2029e\u0000\u007f\udb40\udc01\u00e9";

    private static final String WRITTEN_OUT =
            "a\\u000d\\u000ab\\u001b[2J\\u009b2J\\u202ec\\u2028d\\u2029e\\u0000\\u007f\\udb40\\udc01\u00e9";

    @Test
    void invisibleCharactersAreEscaped() {
        assertThat(Printable.of(NASTY)).isEqualTo(WRITTEN_OUT);
        assertThat(Printable.of("orders/eu \u05e9\u05dc\u05d5\u05dd \uD83D\uDE00"))
                .isEqualTo("orders/eu \u05e9\u05dc\u05d5\u05dd \uD83D\uDE00");
        assertThat(Printable.of("half \uD83D")).isEqualTo("half \\ud83d");
        assertThat(Printable.of("")).isEmpty();
    }

    @ParameterizedTest
    @CsvSource({"text, true", "text, false", "json, true", "json, false"})
    void noLogLineContainsInvisibleCharacters(String format, boolean thrown) throws Exception {
        String line = logged(format, NASTY, thrown ? new IllegalStateException(NASTY) : null);

        assertThat(line.codePoints().filter(character -> character != '\n' && character != '\t'))
                .noneMatch(character -> Character.isISOControl(character)
                        || Character.getType(character) == Character.FORMAT
                        || Character.getType(character) == Character.LINE_SEPARATOR
                        || Character.getType(character) == Character.PARAGRAPH_SEPARATOR);
        // The lines after the first belong to the stack trace.
        assertThat(line.lines().skip(1)).allMatch(next -> next.startsWith("\t") || next.startsWith("java.lang."));
        assertThat(line).endsWith("\n").contains("\u00e9");
    }

    @Test
    void asJsonItIsTheSameText() throws Exception {
        String line = logged("json", NASTY, null);
        assertThat(line.lines()).hasSize(1);
        assertThat(new ObjectMapper().readTree(line).path("formattedMessage").asText())
                .isEqualTo(NASTY);
    }

    @ParameterizedTest
    @ValueSource(strings = {"text", "json"})
    void causesAreLogged(String format) throws Exception {
        String line = logged(format, "x", new IllegalStateException("outer", new IllegalArgumentException("inner")));
        assertThat(line).contains("outer", "inner", "PrintableTest");
    }

    private static String logged(String format, String message, Throwable thrown) throws Exception {
        LoggerContext context = new LoggerContext();
        context.setMDCAdapter(new LogbackMDCAdapter());
        context.putProperty("streamlocks.log.format", format);
        JoranConfigurator configurator = new JoranConfigurator();
        configurator.setContext(context);
        configurator.doConfigure(PrintableTest.class.getResource("/logback.xml"));
        try {
            Logger root = context.getLogger(org.slf4j.Logger.ROOT_LOGGER_NAME);
            ConsoleAppender<ILoggingEvent> stderr = (ConsoleAppender<ILoggingEvent>) root.getAppender("stderr");
            LoggingEvent event = new LoggingEvent(
                    PrintableTest.class.getName(), root, Level.WARN, "{}", thrown, new Object[] {message});
            return new String(stderr.getEncoder().encode(event), StandardCharsets.UTF_8);
        } finally {
            context.stop();
        }
    }
}
