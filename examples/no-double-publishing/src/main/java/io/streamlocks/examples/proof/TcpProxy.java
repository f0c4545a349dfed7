package io.streamlocks.examples.proof;

import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;

/** The network between one worker and the coordinator, which can be cut in two ways. Thread-safe. */
final class TcpProxy implements AutoCloseable {

    enum State {
        /** Bytes go through. */
        OPEN,
        /** Connections stay and bytes stay away, as behind a firewall; they arrive late, when it opens again. */
        SILENT,
        /** Connections are reset, and new ones too. */
        BROKEN
    }

    private final ServerSocket listening;
    private final int targetPort;
    private final Set<Socket> sockets = ConcurrentHashMap.newKeySet();

    // Guarded by this.
    private State state = State.OPEN;

    TcpProxy(int targetPort) throws IOException {
        this.targetPort = targetPort;
        this.listening = new ServerSocket(0, 50, InetAddress.getLoopbackAddress());
        start("accept", this::accept);
    }

    int port() {
        return listening.getLocalPort();
    }

    void set(State to) {
        synchronized (this) {
            state = to;
            notifyAll();
        }
        if (to == State.BROKEN) {
            sockets.forEach(TcpProxy::close);
        }
    }

    private synchronized void awaitNotSilent() throws InterruptedException {
        while (state == State.SILENT) {
            wait();
        }
    }

    private synchronized boolean isBroken() {
        return state == State.BROKEN;
    }

    private void accept() {
        while (!listening.isClosed()) {
            try {
                Socket client = listening.accept();
                sockets.add(client);
                start("connect", () -> connect(client));
            } catch (IOException e) {
                // Closed, as the loop sees.
            }
        }
    }

    private void connect(Socket client) {
        try {
            awaitNotSilent();
            Socket server = new Socket(InetAddress.getLoopbackAddress(), targetPort);
            sockets.add(server);
            // Looked at only now, or a cut in between would miss these sockets.
            if (isBroken()) {
                close(client);
                close(server);
            }
            start("to-server", () -> pump(client, server));
            start("to-client", () -> pump(server, client));
        } catch (IOException | InterruptedException e) {
            close(client);
        }
    }

    private void pump(Socket from, Socket to) {
        try (from;
                to) {
            InputStream in = from.getInputStream();
            OutputStream out = to.getOutputStream();
            byte[] buffer = new byte[16_384];
            for (int read = in.read(buffer); read >= 0; read = in.read(buffer)) {
                awaitNotSilent();
                out.write(buffer, 0, read);
            }
        } catch (IOException | InterruptedException e) {
            // One side went away, so the other one does.
        } finally {
            sockets.remove(from);
        }
    }

    private static void close(Socket socket) {
        try {
            socket.close();
        } catch (IOException e) {
            // It is of no use any more in any case.
        }
    }

    private static void start(String name, Runnable task) {
        Thread thread = new Thread(task, "proxy-" + name);
        thread.setDaemon(true);
        thread.start();
    }

    @Override
    public void close() throws IOException {
        listening.close();
        set(State.BROKEN);
    }
}
