package io.streamlocks.proof.process;

import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.TimeUnit;

/** The network between one process and a server, which can fail in the ways that networks do. Thread-safe. */
public final class Link implements AutoCloseable {

    /** What becomes of the bytes. */
    public enum State {
        /** They go through. */
        PASS,
        /** None goes through; they arrive late, when it passes again. */
        SILENT,
        /** The same of what goes to the server alone. */
        SILENT_TO_SERVER,
        /** The same of what comes from the server alone: it gets what was asked, and nobody hears of it. */
        SILENT_TO_CLIENT,
        /** Connections are reset, and new ones, too. */
        RESET,
        /** What is asked goes through, and the connection is reset when the answer comes. */
        REPLY_DROPPED
    }

    private final ServerSocket listening;
    private final Set<Socket> sockets = ConcurrentHashMap.newKeySet();
    private final int serverPort;

    // Guarded by this.
    private State state = State.PASS;
    private long delayMs;

    public Link(int serverPort) throws IOException {
        this.serverPort = serverPort;
        this.listening = new ServerSocket(0, 200, InetAddress.getLoopbackAddress());
        start("accept", this::accept);
    }

    public int port() {
        return listening.getLocalPort();
    }

    public void set(State to) {
        synchronized (this) {
            state = to;
            notifyAll();
        }
        if (to == State.RESET) {
            sockets.forEach(this::reset);
        }
    }

    /** Holds up what goes either way for so long; 0 for not at all, nor what is held up by now. */
    public synchronized void delay(long ms) {
        delayMs = ms;
        notifyAll();
    }

    /** Passes everything again. */
    public void heal() {
        delay(0);
        set(State.PASS);
    }

    /** Returns when bytes may go on this way; what they must not do at all is for the caller to see. */
    private synchronized State awaitTurn(boolean toServer) throws InterruptedException {
        long came = System.nanoTime();
        while (true) {
            long left = delayMs - TimeUnit.NANOSECONDS.toMillis(System.nanoTime() - came);
            if (state == State.SILENT || state == (toServer ? State.SILENT_TO_SERVER : State.SILENT_TO_CLIENT)) {
                wait();
            } else if (left > 0 && state != State.RESET) {
                wait(left);
            } else {
                return state;
            }
        }
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
            if (awaitTurn(true) == State.RESET) {
                reset(client);
                return;
            }
            Socket server = new Socket(InetAddress.getLoopbackAddress(), serverPort);
            sockets.add(server);
            client.setTcpNoDelay(true);
            server.setTcpNoDelay(true);
            start("to-server", () -> pump(client, server, true));
            start("to-client", () -> pump(server, client, false));
        } catch (IOException | InterruptedException e) {
            reset(client);
        }
    }

    private void pump(Socket from, Socket to, boolean toServer) {
        boolean broken = false;
        // That one side is gone is news for the other one, and comes as late as all else: till then it is half open.
        boolean newsToServer = toServer;
        try {
            InputStream in = from.getInputStream();
            OutputStream out = to.getOutputStream();
            byte[] buffer = new byte[65_536];
            for (int read = in.read(buffer); read >= 0; read = in.read(buffer)) {
                State now = awaitTurn(toServer);
                if (now == State.RESET || (now == State.REPLY_DROPPED && !toServer)) {
                    broken = true;
                    break;
                }
                newsToServer = !toServer;
                out.write(buffer, 0, read);
                newsToServer = toServer;
            }
        } catch (IOException | InterruptedException e) {
            // One side went away, so the other one does.
        } finally {
            tell(newsToServer, from, to, broken);
        }
    }

    private void tell(boolean newsToServer, Socket from, Socket to, boolean broken) {
        try {
            awaitTurn(newsToServer);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
        end(from, broken);
        end(to, broken);
    }

    private void end(Socket socket, boolean hard) {
        if (hard) {
            reset(socket);
            return;
        }
        sockets.remove(socket);
        try {
            // What was passed on last may still be on its way, which a reset would overtake.
            socket.close();
        } catch (IOException e) {
            // It is of no use any more in any case.
        }
    }

    private void reset(Socket socket) {
        sockets.remove(socket);
        closeHard(socket);
    }

    private static void closeHard(Socket socket) {
        try {
            if (!socket.isClosed()) {
                socket.setSoLinger(true, 0);
                socket.close();
            }
        } catch (IOException e) {
            // It is of no use any more in any case.
        }
    }

    private static void start(String name, Runnable task) {
        Thread thread = new Thread(task, "link-" + name);
        thread.setDaemon(true);
        thread.start();
    }

    @Override
    public void close() throws IOException {
        listening.close();
        set(State.RESET);
    }
}
