package io.streamlocks.testkit.rig;

import java.io.IOException;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Optional;
import java.util.stream.Stream;

/** Looks up what tests need from the machine that they run on: programs, ports and rights. */
public final class Machine {

    private Machine() {}

    /** Returns the path of the program that runs this JVM. */
    public static String java() {
        return Path.of(System.getProperty("java.home"), "bin", "java").toString();
    }

    /** Returns the path of an installed program. Returns nothing if the program is not installed. */
    public static Optional<Path> find(String program) {
        // Debian installs servers into directories that only root has on its path.
        String path = System.getenv().getOrDefault("PATH", "") + ":/usr/bin:/usr/sbin:/usr/local/bin:/usr/local/sbin";
        return Stream.of(path.split(":"))
                .filter(directory -> !directory.isEmpty())
                .map(directory -> Path.of(directory, program))
                .filter(Files::isExecutable)
                .findFirst();
    }

    /** Returns whether this process runs as root. Some servers refuse that, and some faults need it. */
    public static boolean isRoot() {
        return "root".equals(System.getProperty("user.name"));
    }

    /**
     * Returns a TCP port of the loopback interface on which nothing listens. Another process can take the port before
     * the caller does, so a server that can choose its own port should do that instead.
     */
    public static int freePort() throws IOException {
        try (ServerSocket socket = new ServerSocket(0, 1, InetAddress.getLoopbackAddress())) {
            return socket.getLocalPort();
        }
    }
}
