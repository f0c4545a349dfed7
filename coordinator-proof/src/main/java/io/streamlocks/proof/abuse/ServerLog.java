package io.streamlocks.proof.abuse;

import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStreamReader;
import java.nio.channels.Channels;
import java.nio.channels.FileChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.regex.Pattern;

/** The part of a server's log that it writes from some moment on. */
final class ServerLog {

    /** The length to which a log is cut after it was examined. */
    private static final long KEPT_BYTES = 4_000_000;

    private static final Pattern FRAME = Pattern.compile("\\s+at [\\w.$/<>@]+\\(.*\\)|Caused by: .*");

    private final Path file;
    private final long from;

    private ServerLog(Path file, long from) {
        this.file = file;
        this.from = from;
    }

    /** Returns the log from now on. */
    static ServerLog fromNow(Path file) throws IOException {
        return new ServerLog(file, Files.size(file));
    }

    /**
     * The text that the server wrote.
     *
     * @param bytes the length
     * @param stackFrames the number of lines of stack traces
     * @param unescaped the number of lines with a control or format character or a line separator, which can change how
     *     the log is displayed
     */
    record Growth(long bytes, long stackFrames, long unescaped) {}

    /** Returns the growth until now. */
    Growth growth() throws IOException {
        try (FileChannel channel = FileChannel.open(file)) {
            channel.position(from);
            BufferedReader reader =
                    new BufferedReader(new InputStreamReader(Channels.newInputStream(channel), StandardCharsets.UTF_8));
            long frames = 0;
            long unescaped = 0;
            for (String line = reader.readLine(); line != null; line = reader.readLine()) {
                if (FRAME.matcher(line).matches()) {
                    frames++;
                }
                if (line.chars().anyMatch(ServerLog::changesOthers)) {
                    unescaped++;
                }
            }
            return new Growth(Files.size(file) - from, frames, unescaped);
        }
    }

    private static boolean changesOthers(int character) {
        return switch (Character.getType(character)) {
            case Character.CONTROL -> character != '\t';
            case Character.FORMAT, Character.LINE_SEPARATOR, Character.PARAGRAPH_SEPARATOR -> true;
            default -> false;
        };
    }

    /** Cuts a long log. The process that writes it must have ended. */
    static void shorten(Path file) throws IOException {
        try (FileChannel channel = FileChannel.open(file, StandardOpenOption.WRITE)) {
            channel.truncate(KEPT_BYTES);
        }
    }
}
