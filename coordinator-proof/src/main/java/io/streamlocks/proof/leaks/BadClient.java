package io.streamlocks.proof.leaks;

import java.io.IOException;
import java.io.InputStream;
import java.net.InetAddress;
import java.net.Socket;
import java.nio.charset.StandardCharsets;
import java.util.Locale;
import java.util.UUID;
import java.util.concurrent.TimeUnit;

/** A client that waits for a stream on a connection of its own, and then behaves badly. */
final class BadClient implements Runnable {

    /** What the client does after it has sent its call. */
    enum Manner {
        /** It reads the response in small pieces. */
        READS_SLOWLY,

        /** It says that it sends nothing more, and reads the response. */
        HALF_CLOSES,

        /** It closes the connection before there is a response. */
        CLOSES,

        /** It resets the connection before there is a response, as a client that is killed does. */
        RESETS,

        /** It reads nothing, and closes the connection long after. */
        NEVER_READS
    }

    /** How long the calls wait. */
    static final int WAIT_MS = 5_000;

    private static final int READ_TIMEOUT_MS = 20_000;

    private final int port;
    private final String stream;
    private final Manner manner;

    BadClient(int port, String stream, Manner manner) {
        this.port = port;
        this.stream = stream;
        this.manner = manner;
    }

    /** Blocks until the client has closed its connection, for half a minute at most. */
    @Override
    public void run() {
        try (Socket socket = new Socket(InetAddress.getLoopbackAddress(), port)) {
            socket.setSoTimeout(READ_TIMEOUT_MS);
            socket.getOutputStream().write(request());
            switch (manner) {
                case READS_SLOWLY -> readSlowly(socket.getInputStream());
                case HALF_CLOSES -> {
                    socket.shutdownOutput();
                    socket.getInputStream().readAllBytes();
                }
                case CLOSES -> TimeUnit.MILLISECONDS.sleep(500);
                case RESETS -> {
                    TimeUnit.MILLISECONDS.sleep(500);
                    socket.setSoLinger(true, 0);
                }
                case NEVER_READS -> TimeUnit.MILLISECONDS.sleep(WAIT_MS + 2_000);
            }
        } catch (IOException e) {
            // The coordinator may end the connection of such a client.
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }

    private byte[] request() {
        String body = String.format(
                Locale.ROOT,
                "{\"ownerId\":\"%s\",\"leaseId\":\"%s\",\"ttlMs\":1000,\"waitMs\":%d}",
                manner,
                UUID.randomUUID(),
                WAIT_MS);
        return ("POST /v1/locks/" + stream + "/acquire HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n"
                        + "Content-Type: application/json\r\nContent-Length: " + body.length() + "\r\n\r\n" + body)
                .getBytes(StandardCharsets.US_ASCII);
    }

    private static void readSlowly(InputStream in) throws IOException, InterruptedException {
        byte[] piece = new byte[16];
        while (in.read(piece) >= 0) {
            TimeUnit.MILLISECONDS.sleep(50);
        }
    }
}
