package io.streamlocks.bench;

import java.io.DataInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;

/**
 * A link to PostgreSQL that drops notifications, as some connection poolers do, and passes everything else. Its
 * connections have no TLS. This class is thread-safe.
 */
final class DeafLink implements AutoCloseable {

    /** The type of a message of the server that contains a notification. */
    private static final int NOTIFICATION = 'A';

    /** The length of a message counts itself and not the type. */
    private static final int LENGTH_BYTES = 4;

    private final int serverPort;
    private final ServerSocket listening;
    private final Set<Socket> sockets = ConcurrentHashMap.newKeySet();

    /** Starts a link to the server at this port of the loopback interface. */
    DeafLink(int serverPort) throws IOException {
        this.serverPort = serverPort;
        this.listening = new ServerSocket(0, 50, InetAddress.getLoopbackAddress());
        start(this::accept);
    }

    int port() {
        return listening.getLocalPort();
    }

    private void accept() throws IOException {
        while (true) {
            Socket client = listening.accept();
            Socket server = new Socket(InetAddress.getLoopbackAddress(), serverPort);
            client.setTcpNoDelay(true);
            server.setTcpNoDelay(true);
            sockets.add(client);
            sockets.add(server);
            start(() -> {
                try (client;
                        server) {
                    client.getInputStream().transferTo(server.getOutputStream());
                }
            });
            start(() -> {
                try (client;
                        server) {
                    passWithoutNotifications(server.getInputStream(), client.getOutputStream());
                }
            });
        }
    }

    /** Passes the messages of the server, up to its end. */
    static void passWithoutNotifications(InputStream from, OutputStream to) throws IOException {
        DataInputStream in = new DataInputStream(from);
        for (int type = in.read(); type >= 0; type = in.read()) {
            int length = in.readInt();
            byte[] content = in.readNBytes(length - LENGTH_BYTES);
            if (type != NOTIFICATION) {
                byte[] message = new byte[1 + length];
                message[0] = (byte) type;
                for (int i = 0; i < LENGTH_BYTES; i++) {
                    message[1 + i] = (byte) (length >>> (24 - 8 * i));
                }
                System.arraycopy(content, 0, message, 1 + LENGTH_BYTES, content.length);
                to.write(message);
            }
        }
    }

    private interface Passing {
        void run() throws IOException;
    }

    private static void start(Passing passing) {
        Thread thread = new Thread(
                () -> {
                    try {
                        passing.run();
                    } catch (IOException e) {
                        // One of the two sides has closed the connection, and its other thread closes the rest.
                    }
                },
                "deaf-link");
        thread.setDaemon(true);
        thread.start();
    }

    @Override
    public void close() throws IOException {
        listening.close();
        for (Socket socket : sockets) {
            socket.close();
        }
    }
}
