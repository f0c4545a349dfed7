package io.streamlocks.coordinator.http;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.StandardSocketOptions;
import java.nio.ByteBuffer;
import java.nio.channels.SocketChannel;
import java.nio.charset.StandardCharsets;
import java.util.Iterator;
import java.util.Queue;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.Executors;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.TimeUnit;

/** Many clients that each send something, and then a byte now and then, until their connection ends. */
final class SlowCrowd implements AutoCloseable {

    private static final int PAUSE_MILLIS = 50;

    /** So small that unread data soon blocks the server. */
    private static final int RECEIVE_BUFFER = 4096;

    /** So small that the server has read everything that was sent, except some hundred kB. */
    private static final int SEND_BUFFER = 64 * 1024;

    private final boolean reads;
    private final byte[] drip;
    private boolean comesAgain;
    private final Queue<Client> clients = new ConcurrentLinkedQueue<>();
    private final ScheduledExecutorService thread = Executors.newSingleThreadScheduledExecutor();

    private SlowCrowd(boolean reads, String drip) {
        this.reads = reads;
        this.drip = drip.getBytes(StandardCharsets.US_ASCII);
    }

    /**
     * Returns clients that read what comes.
     *
     * @param first what each sends immediately
     * @param drip what each sends repeatedly after that, a byte at a time; empty for nothing
     */
    static SlowCrowd of(int count, int port, String first, String drip) {
        return new SlowCrowd(true, drip).start(count, port, first);
    }

    /** Returns the same clients, which read nothing. */
    static SlowCrowd thatReadsNothing(int count, int port, String first, String drip) {
        return new SlowCrowd(false, drip).start(count, port, first);
    }

    /** Returns clients that connect anew whenever their connection ends. */
    static SlowCrowd thatComesAgain(int count, int port, String first, String drip) {
        SlowCrowd crowd = new SlowCrowd(true, drip);
        crowd.comesAgain = true;
        return crowd.start(count, port, first);
    }

    private SlowCrowd start(int count, int port, String first) {
        try {
            byte[] bytes = first.getBytes(StandardCharsets.US_ASCII);
            for (int i = 0; i < count; i++) {
                clients.add(new Client(connected(port), ByteBuffer.wrap(bytes), port));
            }
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
        thread.scheduleWithFixedDelay(this::step, 0, PAUSE_MILLIS, TimeUnit.MILLISECONDS);
        return this;
    }

    private static SocketChannel connected(int port) throws IOException {
        SocketChannel channel = SocketChannel.open();
        channel.setOption(StandardSocketOptions.SO_RCVBUF, RECEIVE_BUFFER);
        channel.setOption(StandardSocketOptions.SO_SNDBUF, SEND_BUFFER);
        channel.connect(new InetSocketAddress(InetAddress.getLoopbackAddress(), port));
        channel.configureBlocking(false);
        return channel;
    }

    private void step() {
        for (Iterator<Client> all = clients.iterator(); all.hasNext(); ) {
            Client client = all.next();
            if (!client.step()) {
                all.remove();
                client.close();
                if (comesAgain) {
                    client.comeAgain();
                }
            }
        }
    }

    /** Returns how many have read something. */
    int heard() {
        return (int) clients.stream().filter(client -> client.heard).count();
    }

    /** Returns how many still have their connection. */
    int left() {
        return clients.size();
    }

    /** Returns whether those that are still connected have sent what they send immediately. */
    boolean hasSentAll() {
        return clients.stream().allMatch(client -> client.sentAll);
    }

    @Override
    public void close() {
        thread.shutdownNow();
        clients.forEach(Client::close);
    }

    private final class Client {
        private final SocketChannel channel;
        private final ByteBuffer first;
        private volatile boolean sentAll;
        private final int port;
        private int dripped;
        private volatile boolean heard;

        Client(SocketChannel channel, ByteBuffer first, int port) {
            this.channel = channel;
            this.first = first;
            this.port = port;
        }

        void comeAgain() {
            try {
                clients.add(new Client(connected(port), first.rewind(), port));
            } catch (IOException e) {
                // The client has given up.
            }
        }

        /** Returns false if the connection has ended. */
        boolean step() {
            try {
                if (first.hasRemaining()) {
                    channel.write(first);
                    sentAll = !first.hasRemaining();
                } else if (drip.length > 0) {
                    dripped += channel.write(ByteBuffer.wrap(drip, dripped % drip.length, 1));
                }
                int read = reads ? channel.read(ByteBuffer.allocate(RECEIVE_BUFFER)) : 0;
                heard |= read > 0;
                return read >= 0;
            } catch (IOException e) {
                return false;
            }
        }

        void close() {
            try {
                channel.close();
            } catch (IOException e) {
                throw new UncheckedIOException(e);
            }
        }
    }
}
