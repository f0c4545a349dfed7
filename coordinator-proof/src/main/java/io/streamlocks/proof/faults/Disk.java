package io.streamlocks.proof.faults;

import io.streamlocks.testkit.rig.Machine;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.concurrent.TimeUnit;

/** A small file system in memory, which {@link Ballast} can fill. Only root can mount one. */
final class Disk {

    private static final String SIZE = "900m";

    private final Path folder;

    private Disk(Path folder) {
        this.folder = folder;
    }

    /** Makes a folder and mounts a file system there. */
    static Disk mount(Path folder) throws IOException, InterruptedException {
        Files.createDirectories(folder);
        // PostgreSQL requires this mode.
        if (!run("mount", "-t", "tmpfs", "-o", "mode=0700,size=" + SIZE, "tmpfs", folder.toString())) {
            throw new IOException("Cannot mount a tmpfs at " + folder);
        }
        return new Disk(folder);
    }

    /** Returns whether this process can mount file systems. */
    static boolean canMount() throws IOException, InterruptedException {
        if (!Machine.isRoot()) {
            return false;
        }
        Path folder = Files.createTempDirectory("mount");
        try {
            return run("mount", "-t", "tmpfs", "-o", "size=1m", "tmpfs", folder.toString())
                    && run("umount", folder.toString());
        } finally {
            Files.delete(folder);
        }
    }

    void unmount() throws IOException, InterruptedException {
        if (!run("umount", "-l", folder.toString())) {
            throw new IOException("Cannot unmount " + folder);
        }
    }

    /** Runs a command for up to 30 s. Returns whether it ended with 0. */
    private static boolean run(String... command) throws IOException, InterruptedException {
        Process process = new ProcessBuilder(command)
                .redirectErrorStream(true)
                .redirectOutput(ProcessBuilder.Redirect.DISCARD)
                .start();
        return process.waitFor(30, TimeUnit.SECONDS) && process.exitValue() == 0;
    }
}
