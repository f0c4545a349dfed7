package io.streamlocks.proof.faults;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;

/**
 * Archives of loaded classes. A run starts a JVM every few seconds, and an archive halves the CPU time of a start. The
 * first JVM of a kind that ends in order writes the archive for the others.
 */
final class SharedClasses {

    private final Path folder;

    SharedClasses(Path folder) {
        this.folder = folder;
    }

    /**
     * Returns the options of a JVM.
     *
     * @param kind the kind of JVM; all of a kind load the same classes
     * @param jar the jar of the classes; an archive is valid for one version of the file
     * @param leaves whether the JVM writes the archive if there is none
     */
    List<String> options(String kind, Path jar, boolean leaves) throws IOException {
        Path archive =
                folder.resolve(kind + "-" + Files.getLastModifiedTime(jar).toMillis() + ".jsa");
        if (Files.exists(archive)) {
            return List.of("-XX:SharedArchiveFile=" + archive);
        }
        return leaves
                ? List.of("-XX:ArchiveClassesAtExit=" + archive, "-Xlog:cds=off", "-Xlog:cds+dynamic=off")
                : List.of();
    }
}
