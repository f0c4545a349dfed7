package io.streamlocks.proof.abuse;

import java.io.IOException;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;

/** The part of a server's log that it writes from some moment on. */
final class ServerLog {

    /** The length to which a log is cut after it was examined. */
    private static final long KEPT_BYTES = 4_000_000;

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

    /** Returns the growth until now. */
    LogGrowth growth() throws IOException {
        return LogGrowth.of(file, from);
    }

    /** Cuts a long log. The process that writes it must have ended. */
    static void shorten(Path file) throws IOException {
        try (FileChannel channel = FileChannel.open(file, StandardOpenOption.WRITE)) {
            channel.truncate(KEPT_BYTES);
        }
    }
}
