package io.streamlocks.testkit.rig;

import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;

/** A file to which one process after the other appends. This class is thread-safe. */
final class OutputFile {

    private final Path path;
    private volatile long start;

    OutputFile(Path path) {
        this.path = path;
    }

    Path path() {
        return path;
    }

    /** Forgets what is in the file by now. */
    void begin() throws IOException {
        start = Files.exists(path) ? Files.size(path) : 0;
    }

    /** Returns what was appended since {@link #begin}. */
    String text() {
        try (InputStream in = Files.newInputStream(path)) {
            in.skipNBytes(start);
            return new String(in.readAllBytes(), StandardCharsets.UTF_8);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }
}
