package io.streamlocks.proof.abuse.attack;

import java.io.IOException;
import java.net.InetSocketAddress;
import java.net.Socket;

/**
 * The target of an attack, the tokens of the abuser, and the end.
 *
 * @param address the address of the coordinator, or of the proxy in front of it
 * @param abuserToken the token of a worker for streams with the prefix {@link #STREAMS}
 * @param readerToken the token of a reader of all streams
 * @param end when the attack is over, on the clock of {@link System#nanoTime}
 * @param tally the counts of responses
 */
record Target(InetSocketAddress address, String abuserToken, String readerToken, long end, Tally tally) {

    /** The prefix of all streams of the abuser. */
    static final String STREAMS = "abuser/";

    /** The path of a stream of the abuser, up to the prefix. */
    static final String PATH = "/v1/locks/abuser%2F";

    private static final int CONNECT_MS = 2000;

    /** This is above the longest time that a server takes for a response. */
    private static final int ANSWER_MS = 10_000;

    boolean isOver() {
        return System.nanoTime() - end >= 0;
    }

    /**
     * Returns an address of the abuser. The victims have another address, because the server may limit an address.
     *
     * @param number the number of the address, from 0 to 199
     */
    static InetSocketAddress source(int number) {
        return new InetSocketAddress("127.0.1." + (1 + number), 0);
    }

    /** Opens a connection. Blocks for 2 s at most, and later for 10 s for each response. */
    Connection connect() throws IOException {
        Socket socket = new Socket();
        try {
            socket.bind(source(0));
            socket.setTcpNoDelay(true);
            socket.setSoTimeout(ANSWER_MS);
            socket.connect(address, CONNECT_MS);
            return new Connection(socket);
        } catch (IOException e) {
            socket.close();
            throw e;
        }
    }
}
