package io.streamlocks.proof.abuse;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class ServerLogTest {

    @TempDir
    private Path directory;

    private Path file;

    @BeforeEach
    void writeEarlierLines() throws IOException {
        file = Files.writeString(directory.resolve("log"), "before\n\tat a.B.c(B.java:1)\n");
    }

    @Test
    void earlierLinesDoNotCount() throws IOException {
        assertThat(growthBy("a line\n")).isEqualTo(new LogGrowth(7, 0, 0));
    }

    @Test
    void linesOfAStackTraceAreCounted() throws IOException {
        assertThat(growthBy("""
                        2026-11-28T09:00:00Z WARN Http - failed at once (see below)
                        java.lang.NullPointerException: no session
                        \tat io.javalin.Javalin.lambda$start$0(Javalin.java:10)
                        \tat java.base/java.lang.Thread.run(Thread.java:840)
                        Caused by: java.io.IOException: gone
                        """).stackFrames()).isEqualTo(3);
    }

    @Test
    void linesWithACharacterThatChangesTheDisplayAreCounted() throws IOException {
        assertThat(growthBy("c1 \u009b31m\nreversed \u202e\nseparated \u2028\nescape \u001b[31m\n")
                        .unescaped())
                .isEqualTo(4);
        assertThat(growthBy("tab\tand \u00e9 and \\u009b are well\n").unescaped())
                .isZero();
    }

    private LogGrowth growthBy(String text) throws IOException {
        ServerLog log = ServerLog.fromNow(file);
        Files.writeString(file, text, StandardCharsets.UTF_8, StandardOpenOption.APPEND);
        return log.growth();
    }
}
