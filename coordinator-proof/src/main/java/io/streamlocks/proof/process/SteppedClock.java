package io.streamlocks.proof.process;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.stream.Stream;

/** The time of day of a process. The library libfaketime changes it by an offset that it reads from a file. */
public final class SteppedClock {

    private SteppedClock() {}

    /** Returns libfaketime, if it is installed. */
    public static Optional<Path> library() throws IOException {
        for (Path folder : List.of(Path.of("/usr/lib"), Path.of("/usr/local/lib"))) {
            if (Files.isDirectory(folder)) {
                try (Stream<Path> found =
                        Files.find(folder, 3, (path, attributes) -> path.endsWith("faketime/libfaketimeMT.so.1"))) {
                    Optional<Path> library = found.findFirst();
                    if (library.isPresent()) {
                        return library;
                    }
                }
            }
        }
        return Optional.empty();
    }

    /** Returns the environment of a process whose clock the file sets. Its monotonic clock stays as it is. */
    public static Map<String, String> environment(Path file) {
        try {
            step(file, 0);
            return Map.ofEntries(
                    Map.entry("LD_PRELOAD", library().orElseThrow().toString()),
                    Map.entry("FAKETIME_TIMESTAMP_FILE", file.toString()),
                    Map.entry("FAKETIME_NO_CACHE", "1"),
                    // With the default, libfaketime ends waits of the JVM at once, and the JVM spins.
                    Map.entry("FAKETIME_FORCE_MONOTONIC_FIX", "0"),
                    Map.entry("DONT_FAKE_MONOTONIC", "1"));
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    /** Sets the offset in seconds. Processes see it at once. */
    public static void step(Path file, long seconds) throws IOException {
        Path next = file.resolveSibling(file.getFileName() + ".next");
        Files.writeString(next, String.format(Locale.ROOT, "%+d%n", seconds));
        Files.move(next, file, StandardCopyOption.ATOMIC_MOVE);
    }
}
