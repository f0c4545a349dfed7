package io.streamlocks.proof.faults;

import java.io.IOException;
import java.io.OutputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;

/** A file that leaves no space on the disk of a folder. */
final class Ballast {

    private Ballast() {}

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
}
