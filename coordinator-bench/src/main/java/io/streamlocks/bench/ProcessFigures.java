package io.streamlocks.bench;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.OptionalLong;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Stream;

/** Reads figures of a process from the operating system (Linux) and the JVM. */
final class ProcessFigures {

    /** The unit of user and system time in /proc. Linux uses this one on all platforms of Java. */
    private static final double TICKS_PER_SECOND = 100;

    private static final Pattern RSS = Pattern.compile("VmRSS:\\s+(\\d+) kB");

    /** The lines on generations contain a total, and those on metaspace do not. */
    private static final Pattern HEAP = Pattern.compile("total \\d+K, used (\\d+)K");

    private ProcessFigures() {}

    /** Returns the CPU seconds of a process and its present and past children. Returns 0 without /proc. */
    static double cpuSecondsWithChildren(long pid) {
        List<ProcessHandle> children = ProcessHandle.of(pid).map(ProcessHandle::descendants).stream()
                .flatMap(all -> all)
                .toList();
        double seconds = cpuSeconds(pid, 4);
        for (ProcessHandle child : children) {
            seconds += cpuSeconds(child.pid(), 4);
        }
        return seconds;
    }

    /** Returns the CPU seconds of a process without its children. */
    static double cpuSeconds(long pid) {
        return cpuSeconds(pid, 2);
    }

    private static double cpuSeconds(long pid, int fields) {
        String stat = read(Path.of("/proc", Long.toString(pid), "stat"));
        if (stat.isEmpty()) {
            return 0;
        }
        // The name may contain any character, so this reads what follows it. Field 3 is the state; fields 14 to 17 are
        // utime, stime, cutime and cstime.
        String[] rest = stat.substring(stat.lastIndexOf(')') + 2).split(" ");
        long ticks = 0;
        for (int i = 0; i < fields; i++) {
            ticks += Long.parseLong(rest[11 + i]);
        }
        return ticks / TICKS_PER_SECOND;
    }

    /** Returns the resident memory in bytes. */
    static OptionalLong residentBytes(long pid) {
        Matcher matcher = RSS.matcher(read(Path.of("/proc", Long.toString(pid), "status")));
        return matcher.find() ? OptionalLong.of(Long.parseLong(matcher.group(1)) * 1024) : OptionalLong.empty();
    }

    /** Returns the used heap of a JVM, with garbage. Returns nothing if this Java has no jcmd. */
    static OptionalLong heapBytes(long pid) throws IOException {
        long bytes = HEAP.matcher(jcmd(pid, "GC.heap_info"))
                .results()
                .mapToLong(line -> Long.parseLong(line.group(1)) * 1024)
                .sum();
        return bytes == 0 ? OptionalLong.empty() : OptionalLong.of(bytes);
    }

    /** Returns the used heap of a JVM after a garbage collection. Returns nothing if this Java has no jcmd. */
    static OptionalLong liveHeapBytes(long pid) throws IOException {
        jcmd(pid, "GC.run");
        return heapBytes(pid);
    }

    private static String jcmd(long pid, String command) throws IOException {
        Path jcmd = Path.of(System.getProperty("java.home"), "bin", "jcmd");
        if (!Files.isExecutable(jcmd)) {
            return "";
        }
        Process asking = new ProcessBuilder(jcmd.toString(), Long.toString(pid), command)
                .redirectErrorStream(true)
                .start();
        return new String(asking.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
    }

    /** Returns the number of threads. Returns 0 without /proc. */
    static long threads(long pid) {
        return count(Path.of("/proc", Long.toString(pid), "task"));
    }

    /** Returns the number of open files and connections. Returns 0 without /proc. */
    static long descriptors(long pid) {
        return count(Path.of("/proc", Long.toString(pid), "fd"));
    }

    private static long count(Path directory) {
        try (Stream<Path> entries = Files.list(directory)) {
            return entries.count();
        } catch (IOException e) {
            return 0;
        }
    }

    /** Returns an empty text if the process or /proc does not exist. */
    private static String read(Path file) {
        try {
            return Files.readString(file);
        } catch (IOException e) {
            return "";
        }
    }
}
