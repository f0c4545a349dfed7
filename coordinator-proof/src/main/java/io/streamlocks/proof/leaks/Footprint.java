package io.streamlocks.proof.leaks;

import java.io.IOException;
import java.nio.file.DirectoryStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import java.util.concurrent.TimeUnit;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Stream;

/**
 * What a JVM needs on this machine.
 *
 * @param threads the number of its threads, without those of Jetty's pool that have nothing to do. The pool grows with
 *     the load, up to its limit
 * @param files the number of its open files and connections
 * @param heapBytes the size of the objects that are left after a garbage collection
 */
record Footprint(int threads, int files, long heapBytes) {

    /** The beginning of the names of Jetty's threads. */
    private static final String POOLED = "qtp";

    /** Matches the stack of such a thread that waits for work. */
    private static final Pattern IDLE = Pattern.compile("Runner\\.idleJobPoll|ReservedThread\\.waitForTask");

    private static final Pattern TOTAL = Pattern.compile("Total\\s+\\d+\\s+(\\d+)");

    /** How much more is no leak: pools that have not reached their size, and code that was compiled later. */
    private static final int MORE_THREADS = 20;

    private static final int MORE_FILES = 30;
    private static final long MORE_HEAP = 12_000_000;

    private static final int MAX_JCMD_S = 60;

    /** Measures a process. Blocks for its garbage collection. */
    static Footprint of(long pid) throws IOException, InterruptedException {
        Path process = Path.of("/proc", Long.toString(pid));
        int files;
        try (Stream<Path> open = Files.list(process.resolve("fd"))) {
            files = (int) open.count();
        }
        // The histogram collects garbage first.
        long heapBytes = number(TOTAL, jcmd(pid, "GC.class_histogram"));
        return new Footprint(otherThreads(process) + pooledThreadsAtWork(pid), files, heapBytes);
    }

    private static int pooledThreadsAtWork(long pid) throws IOException, InterruptedException {
        return (int) Arrays.stream(jcmd(pid, "Thread.print").split("\n\n"))
                .filter(stack ->
                        stack.startsWith("\"" + POOLED) && !IDLE.matcher(stack).find())
                .count();
    }

    private static int otherThreads(Path process) throws IOException {
        int threads = 0;
        try (DirectoryStream<Path> all = Files.newDirectoryStream(process.resolve("task"))) {
            for (Path thread : all) {
                try {
                    threads += Files.readString(thread.resolve("comm")).startsWith(POOLED) ? 0 : 1;
                } catch (IOException e) {
                    if (Files.exists(thread)) {
                        throw e;
                    }
                    // It has just ended.
                }
            }
        }
        return threads;
    }

    private static String jcmd(long pid, String command) throws IOException, InterruptedException {
        // Not a pipe: Java 25 writes a histogram while all threads of the process stand still. If the process itself
        // had to read the pipe, a full pipe would stop it for ever.
        Path output = Files.createTempFile("jcmd", ".txt");
        try {
            Process jcmd = new ProcessBuilder(
                            Path.of(System.getProperty("java.home"), "bin", "jcmd")
                                    .toString(),
                            Long.toString(pid),
                            command)
                    .redirectErrorStream(true)
                    .redirectOutput(output.toFile())
                    .start();
            if (!jcmd.waitFor(MAX_JCMD_S, TimeUnit.SECONDS)) {
                jcmd.destroyForcibly();
                throw new IOException("jcmd has not ended after " + MAX_JCMD_S + " s");
            }
            String text = Files.readString(output);
            if (jcmd.exitValue() != 0) {
                throw new IOException("jcmd failed: " + text);
            }
            return text;
        } finally {
            Files.delete(output);
        }
    }

    private static long number(Pattern pattern, String text) throws IOException {
        Matcher matcher = pattern.matcher(text);
        if (!matcher.find()) {
            throw new IOException("There is no " + pattern + " in: " + text);
        }
        return Long.parseLong(matcher.group(1));
    }

    /** Returns what has grown since an earlier measurement by more than a JVM needs to settle. */
    List<String> growthSince(Footprint before) {
        List<String> growth = new ArrayList<>();
        if (threads > before.threads + MORE_THREADS) {
            growth.add("the threads have grown from " + before.threads + " to " + threads);
        }
        if (files > before.files + MORE_FILES) {
            growth.add("the open files have grown from " + before.files + " to " + files);
        }
        if (heapBytes > before.heapBytes + MORE_HEAP) {
            growth.add("the heap has grown from " + before.heapBytes + " to " + heapBytes + " bytes");
        }
        return growth;
    }

    @Override
    public String toString() {
        return String.format(Locale.ROOT, "%d threads, %d files, %.1f MB", threads, files, heapBytes / 1e6);
    }
}
