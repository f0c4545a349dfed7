package io.streamlocks.proof.abuse;

import java.io.IOException;
import java.net.InetSocketAddress;
import java.net.Socket;
import java.nio.charset.StandardCharsets;
import java.util.Optional;
import java.util.concurrent.TimeUnit;

/** A health check like those of an orchestrator: on a connection of its own, within a second. */
final class Probe {

    private static final int TIMEOUT_MS = 1000;
    private static final String WELL = "HTTP/1.1 200";

    private Probe() {}

    /** Returns why the check failed. Returns nothing if it did not. Blocks for a second at most. */
    static Optional<String> of(int port, String path) {
        long end = System.nanoTime() + TimeUnit.MILLISECONDS.toNanos(TIMEOUT_MS);
        try (Socket socket = new Socket()) {
            socket.connect(new InetSocketAddress("127.0.0.1", port), TIMEOUT_MS);
            String request = "GET " + path + " HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n";
            socket.getOutputStream().write(request.getBytes(StandardCharsets.US_ASCII));
            byte[] status = new byte[WELL.length()];
            for (int length = 0; length < status.length; ) {
                long left = TimeUnit.NANOSECONDS.toMillis(end - System.nanoTime());
                if (left <= 0) {
                    return Optional.of("took longer than a second");
                }
                socket.setSoTimeout((int) left);
                int read = socket.getInputStream().read(status, length, status.length - length);
                if (read < 0) {
                    return Optional.of("ended without a response");
                }
                length += read;
            }
            String got = new String(status, StandardCharsets.US_ASCII);
            return got.equals(WELL) ? Optional.empty() : Optional.of("returned " + got);
        } catch (IOException e) {
            return Optional.of(String.valueOf(e.getMessage()));
        }
    }
}
