package io.streamlocks.proof.faults;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;

/**
 * An archive of the classes that JVMs of one kind load. A run starts a JVM every few seconds, and an archive halves the
 * CPU time of a start. The first JVM of a kind that ends in order writes the archive for the others. This class is
 * thread-safe.
 */
final class SharedClasses {

    /** How long the writing of an archive may take. It is a second or two of CPU time, and the machine may be busy. */
    private static final Duration WRITING = Duration.ofMinutes(1);

    private final Path stem;
    private final Path jar;
    private volatile boolean written;

    /**
     * @param stem the path of the archive of this kind of JVM, without the version of the jar
     * @param jar the jar of the classes; an archive is valid for one version of the file
     */
    SharedClasses(Path stem, Path jar) {
        this.stem = stem;
        this.jar = jar;
    }

    /**
     * Returns the options of a JVM.
     *
     * @param leaves whether the JVM writes the archive if there is none
     */
    List<String> options(boolean leaves) throws IOException {
        Path archive = Path.of(stem + "-" + Files.getLastModifiedTime(jar).toMillis() + ".jsa");
        if (Files.exists(archive)) {
            return List.of("-XX:SharedArchiveFile=" + archive);
        }
        if (!leaves) {
            return List.of();
        }
        written = true;
        return List.of("-XX:ArchiveClassesAtExit=" + archive, "-Xlog:cds=off", "-Xlog:cds+dynamic=off");
    }

    /**
     * Returns how long a JVM may take to end.
     *
     * @param leaves whether the JVM writes the archive if there was none
     * @param without the time without the writing of an archive
     */
    Duration timeToEnd(boolean leaves, Duration without) {
        return leaves && written ? without.plus(WRITING) : without;
    }
}
