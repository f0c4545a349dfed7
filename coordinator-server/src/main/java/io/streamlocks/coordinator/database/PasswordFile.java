package io.streamlocks.coordinator.database;

import io.streamlocks.coordinator.reload.Reloaded;
import io.streamlocks.coordinator.reload.UnusableFileException;
import java.nio.ByteBuffer;
import java.nio.charset.CharacterCodingException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.List;

/** A file that contains the password of the database: one line of UTF-8. The end of the line is not part of it. */
public final class PasswordFile {

    private PasswordFile() {}

    /**
     * Reads a file.
     *
     * @return its password, which the caller reloads
     * @throws UnusableFileException if the file cannot be read, or does not contain exactly one line
     */
    public static Reloaded<String> read(Path file) throws UnusableFileException {
        return new Reloaded<>("database password", List.of(file), contents -> password(contents.get(0)));
    }

    private static String password(byte[] file) throws UnusableFileException {
        String text;
        try {
            text = StandardCharsets.UTF_8
                    .newDecoder()
                    .decode(ByteBuffer.wrap(file))
                    .toString();
        } catch (CharacterCodingException e) {
            throw new UnusableFileException(List.of("is not UTF-8"));
        }
        List<String> lines = text.lines().toList();
        if (lines.size() != 1 || lines.get(0).isEmpty()) {
            throw new UnusableFileException(List.of("must contain one line, the password"));
        }
        return lines.get(0);
    }
}
