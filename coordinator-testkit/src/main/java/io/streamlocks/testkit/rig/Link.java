package io.streamlocks.testkit.rig;

import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.io.UncheckedIOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.net.URI;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.TimeUnit;

/**
 * A TCP link between one client and a server on the loopback interface, which fails as networks do. The client connects
 * to {@link #port}, and the link passes its bytes on. A new link passes everything.
 *
 * <p>This class is thread-safe.
 */
public final class Link implements AutoCloseable {

    /** The treatment of connections and bytes. */
    public enum State {
        /** All bytes go through. */
        PASS,
        /** No byte goes through. All bytes arrive late, when the link passes again. */
        SILENT,
        /** Bytes to the server do not go through. They arrive late, when the link passes again. */
        SILENT_TO_SERVER,
        /**
         * Bytes to the client do not go through, so the server gets requests and the client no response until it
         * passes.
         */
        SILENT_TO_CLIENT,
        /** Connections are reset. New ones are accepted and reset. */
        RESET,
        /** Connections are reset. New ones are refused. */
        REFUSE,
        /** Requests go through, and the connection is reset when the response comes. */
        REPLY_DROPPED
    }

    private record Listener(ServerSocket socket, Thread accepting) {
        void close() throws IOException {
            socket.close();
            try {
                // The system accepts connections until the thread that waits in accept has returned.
                accepting.join();
            } catch (InterruptedException e) {
                Thread.currentThread().interrupt();
            }
        }
    }

    private final Set<Socket> sockets = ConcurrentHashMap.newKeySet();
    private final int port;

    // All of these are guarded by this.
    private Listener listener;

    /** Is bound to the port while the link refuses. */
    private Socket reserved = new Socket();

    private int serverPort;
    private State state = State.PASS;
    private long delayMs;
    private boolean closed;

    /**
     * Starts a link to a server.
     *
     * @param serverPort the server's port on the loopback interface
     */
    public Link(int serverPort) throws IOException {
        this.serverPort = serverPort;
        listener = listen(0);
        port = listener.socket().getLocalPort();
    }

    /** Returns the port to which the client connects. It stays the same. */
    public int port() {
        return port;
    }

    /** Returns the URI of an HTTP server behind the link. */
    public URI uri() {
        return URI.create("http://127.0.0.1:" + port);
    }

    /** Sets what happens from now on, to connections that exist as well. */
    public void set(State to) {
        synchronized (this) {
            state = to;
            notifyAll();
            try {
                if (to == State.REFUSE && !listener.socket().isClosed()) {
                    listener.close();
                    if (!closed) {
                        reserve();
                    }
                } else if (to != State.REFUSE && listener.socket().isClosed() && !closed) {
                    listener = listen(port);
                    reserved.close();
                    reserved = new Socket();
                }
            } catch (IOException e) {
                throw new UncheckedIOException(e);
            }
        }
        if (to == State.RESET || to == State.REFUSE) {
            cut();
        }
    }

    /** Keeps others from getting the port. Connections to it are refused, because nothing listens there. */
    private void reserve() throws IOException {
        reserved.setReuseAddress(true);
        reserved.bind(new InetSocketAddress(InetAddress.getLoopbackAddress(), port));
    }

    /** Delays the bytes of both directions for that many milliseconds. With 0 even bytes under way are not delayed. */
    public synchronized void delay(long ms) {
        delayMs = ms;
        notifyAll();
    }

    /** Passes everything again, without a delay. */
    public void heal() {
        delay(0);
        set(State.PASS);
    }

    /** Resets the connections that exist. The data that they held up is lost. New connections are possible. */
    public void cut() {
        sockets.forEach(this::reset);
    }

    /** Leads new connections to another server. Connections that exist stay. */
    public synchronized void leadTo(int otherServerPort) {
        serverPort = otherServerPort;
    }

    /** Returns when bytes may go on in this direction. The caller decides what the state means for them. */
    private synchronized State awaitTurn(boolean toServer) throws InterruptedException {
        long came = System.nanoTime();
        while (true) {
            long left = delayMs - TimeUnit.NANOSECONDS.toMillis(System.nanoTime() - came);
            if (state == State.SILENT || state == (toServer ? State.SILENT_TO_SERVER : State.SILENT_TO_CLIENT)) {
                wait();
            } else if (left > 0 && !resets(state)) {
                wait(left);
            } else {
                return state;
            }
        }
    }

    private static boolean resets(State state) {
        return state == State.RESET || state == State.REFUSE;
    }

    private Listener listen(int at) throws IOException {
        ServerSocket bound = new ServerSocket();
        bound.setReuseAddress(true);
        bound.bind(new InetSocketAddress(InetAddress.getLoopbackAddress(), at), 200);
        return new Listener(bound, start("accept", () -> accept(bound)));
    }

    private void accept(ServerSocket from) {
        while (!from.isClosed()) {
            try {
                Socket client = from.accept();
                sockets.add(client);
                start("connect", () -> connect(client));
            } catch (IOException e) {
                // The loop ends if the link no longer listens.
            }
        }
    }

    private void connect(Socket client) {
        try {
            if (resets(awaitTurn(true))) {
                reset(client);
                return;
            }
            Socket server = new Socket(InetAddress.getLoopbackAddress(), serverPort());
            sockets.add(server);
            client.setTcpNoDelay(true);
            server.setTcpNoDelay(true);
            start("to-server", () -> pump(client, server, true));
            start("to-client", () -> pump(server, client, false));
        } catch (IOException | InterruptedException e) {
            reset(client);
        }
    }

    private synchronized int serverPort() {
        return serverPort;
    }

    private void pump(Socket from, Socket to, boolean toServer) {
        boolean broken = false;
        // The end of one side is news for the other side, and is as late as bytes. Until then the connection is half
        // open.
        boolean newsToServer = toServer;
        try {
            InputStream in = from.getInputStream();
            OutputStream out = to.getOutputStream();
            byte[] buffer = new byte[65_536];
            for (int read = in.read(buffer); read >= 0; read = in.read(buffer)) {
                State now = awaitTurn(toServer);
                if (resets(now) || (now == State.REPLY_DROPPED && !toServer)) {
                    broken = true;
                    break;
                }
                newsToServer = !toServer;
                out.write(buffer, 0, read);
                newsToServer = toServer;
            }
        } catch (IOException | InterruptedException e) {
            // One side has ended, so the other one is ended below.
        } finally {
            end(newsToServer, from, to, broken);
        }
    }

    private void end(boolean newsToServer, Socket from, Socket to, boolean broken) {
        try {
            awaitTurn(newsToServer);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
        end(from, broken);
        end(to, broken);
    }

    private void end(Socket socket, boolean broken) {
        if (broken) {
            reset(socket);
            return;
        }
        sockets.remove(socket);
        try {
            // A reset would overtake bytes that were passed on and are under way.
            socket.close();
        } catch (IOException e) {
            // The socket is of no more use in any case.
        }
    }

    private void reset(Socket socket) {
        sockets.remove(socket);
        try {
            if (!socket.isClosed()) {
                socket.setSoLinger(true, 0);
                socket.close();
            }
        } catch (IOException e) {
            // The socket is of no more use in any case.
        }
    }

    private static Thread start(String name, Runnable task) {
        Thread thread = new Thread(task, "link-" + name);
        thread.setDaemon(true);
        thread.start();
        return thread;
    }

    /** Resets all connections and stops listening. */
    @Override
    public void close() {
        synchronized (this) {
            closed = true;
        }
        set(State.REFUSE);
        synchronized (this) {
            try {
                reserved.close();
            } catch (IOException e) {
                throw new UncheckedIOException(e);
            }
        }
    }
}
