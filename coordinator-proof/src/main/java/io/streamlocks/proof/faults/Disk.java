package io.streamlocks.proof.faults;

import io.streamlocks.testkit.rig.Machine;
import java.io.IOException;
import java.io.OutputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.concurrent.TimeUnit;

/** A small file system in memory that a fault can fill. Only root can mount one. */
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

    /** Fills the file system of a folder to the last byte. */
    static void fill(Path folder) throws IOException {
        byte[] block = new byte[1 << 20];
        // A file system that compresses would store zeros in no space.
        Arrays.fill(block, (byte) 0x5A);
        int size = block.length;
        try (OutputStream out = Files.newOutputStream(ballast(folder))) {
            while (size > 512) {
                try {
                    out.write(block, 0, size);
                } catch (IOException noSpaceLeft) {
                    size /= 2;
                }
            }
        }
    }

    /** Frees the space again. */
    static void empty(Path folder) throws IOException {
        Files.deleteIfExists(ballast(folder));
    }

    private static Path ballast(Path folder) {
        return folder.resolve("ballast");
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
