package io.streamlocks.proof.abuse.attack;

import java.io.IOException;
import java.net.InetSocketAddress;
import java.net.StandardSocketOptions;
import java.nio.ByteBuffer;
import java.nio.channels.SocketChannel;
import java.nio.charset.StandardCharsets;
import org.jspecify.annotations.Nullable;

/** One of the {@link SlowConnections}. Only one thread may use it. */
final class SlowConnection {

    /** This buffer is small, so that an unread response stays with the server. */
    private static final int RECEIVE_BUFFER = 4096;

    private final SlowConnections kind;
    private final Target target;
    private final InetSocketAddress source;
    private final ByteBuffer answer = ByteBuffer.allocate(512);
    private @Nullable SocketChannel channel;
    private ByteBuffer unsent = ByteBuffer.allocate(0);

    SlowConnection(SlowConnections kind, Target target, InetSocketAddress source) {
        this.kind = kind;
        this.target = target;
        this.source = source;
    }

    /** Opens the connection, or sends more if everything before was sent. Does not block. */
    void goOn() {
        try {
            SocketChannel open = channel;
            if (open == null) {
                open();
            } else if (open.isConnected() || open.finishConnect()) {
                if (!unsent.hasRemaining()) {
                    unsent = ByteBuffer.wrap(kind.more());
                }
                send(open);
            }
        } catch (IOException e) {
            target.tally().add("ended by the server");
            close();
        }
    }

    private void open() throws IOException {
        unsent = ByteBuffer.wrap(kind.first());
        SocketChannel opened = SocketChannel.open();
        channel = opened;
        opened.configureBlocking(false);
        if (!kind.reads()) {
            opened.setOption(StandardSocketOptions.SO_RCVBUF, RECEIVE_BUFFER);
        }
        opened.bind(source);
        target.tally().add("opened");
        if (opened.connect(target.address())) {
            send(opened);
        }
    }

    private void send(SocketChannel to) throws IOException {
        to.write(unsent);
        if (!kind.reads()) {
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
