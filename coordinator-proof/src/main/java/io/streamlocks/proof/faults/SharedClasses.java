package io.streamlocks.proof.faults;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;

/**
 * Archives of loaded classes, which halve the CPU time that a JVM takes to start: a run starts one every few seconds. The
 * first JVM of a kind that ends in good order leaves its archive to those after it.
 */
final class SharedClasses {

    private final Path folder;

    SharedClasses(Path folder) {
        this.folder = folder;
    }

    /**
     * Options of a JVM.
     *
     * @param kind of JVMs, which load the same classes
     * @param jar where they are; an archive is good for this very file
     * @param leaves whether it is to leave the archive if there is none
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
