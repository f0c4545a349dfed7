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

    private final String kind;
    private final Path folder;
    private final Path jar;
    private volatile boolean written;

    /**
     * @param kind the kind of JVM; all of a kind load the same classes
     * @param folder the folder of the archive
     * @param jar the jar of the classes; an archive is valid for one version of the file
     */
    SharedClasses(String kind, Path folder, Path jar) {
        this.kind = kind;
        this.folder = folder;
        this.jar = jar;
    }

    /**
     * Returns the options of a JVM.
     *
     * @param leaves whether the JVM writes the archive if there is none
     */
    List<String> options(boolean leaves) throws IOException {
        Path archive =
                folder.resolve(kind + "-" + Files.getLastModifiedTime(jar).toMillis() + ".jsa");
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
