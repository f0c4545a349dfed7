package io.streamlocks.proof.abuse;

import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStreamReader;
import java.nio.channels.Channels;
import java.nio.channels.FileChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.regex.Pattern;

/**
 * The text that a server wrote to its log during an attack.
 *
 * @param bytes the length
 * @param stackFrames the number of lines of stack traces
 * @param unescaped the number of lines with a control or format character or a line separator, which can change how the
 *     log is displayed
 */
record LogGrowth(long bytes, long stackFrames, long unescaped) {

    private static final Pattern FRAME = Pattern.compile("\\s+at [\\w.$/<>@]+\\(.*\\)|Caused by: .*");

    /** Reads a log from a position, in bytes, to its end. */
    static LogGrowth of(Path file, long from) throws IOException {
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
                if (line.chars().anyMatch(LogGrowth::changesOthers)) {
                    unescaped++;
                }
            }
            return new LogGrowth(Files.size(file) - from, frames, unescaped);
        }
    }

    private static boolean changesOthers(int character) {
        return switch (Character.getType(character)) {
            case Character.CONTROL -> character != '\t';
            case Character.FORMAT, Character.LINE_SEPARATOR, Character.PARAGRAPH_SEPARATOR -> true;
            default -> false;
        };
    }
}
