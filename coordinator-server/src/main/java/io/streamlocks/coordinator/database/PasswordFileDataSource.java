package io.streamlocks.coordinator.database;

import io.streamlocks.coordinator.reload.Reloaded;
import io.streamlocks.coordinator.reload.UnusableFileException;
import java.nio.ByteBuffer;
import java.nio.charset.CharacterCodingException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.sql.Connection;
import java.sql.SQLException;
import java.util.List;
import org.postgresql.ds.PGSimpleDataSource;

/** Logs in with the password that a file had when it was read last. Thread-safe, once it is set up. */
final class PasswordFileDataSource extends PGSimpleDataSource {

    private static final long serialVersionUID = 1L;

    private final transient Reloaded<String> password;

    /**
     * @param password that of the file, which somebody else reads again
     */
    PasswordFileDataSource(Reloaded<String> password) {
        this.password = password;
    }

    /**
     * Reads the file of a password: a line of UTF-8, whose end is not a part of it.
     *
     * @throws UnusableFileException if it cannot be read, or has no line or more than one
     */
    static Reloaded<String> read(Path file) throws UnusableFileException {
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
            throw new UnusableFileException(List.of("must hold one line, the password"));
        }
        return lines.get(0);
    }

    @Override
    public Connection getConnection() throws SQLException {
        return getConnection(getUser(), password.get());
    }
}
