package io.streamlocks.proof.abuse.attack;

import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.Socket;
import java.net.UnknownHostException;

/**
 * What is attacked, by whom, and until when.
 *
 * @param address where the coordinator, or the proxy before it, listens
 * @param abuserToken of a worker who may acquire streams that begin with {@link #STREAMS}
 * @param readerToken of a reader of all
 * @param end when the attack is over, by {@link System#nanoTime}
 * @param tally what the answers were
 */
record Target(InetSocketAddress address, String abuserToken, String readerToken, long end, Tally tally) {

    /** What all streams of the abuser begin with, as it stands in a body. */
    static final String STREAMS = "abuser/";

    /** The same as it stands in a path. */
    static final String PATH = "/v1/locks/abuser%2F";

    private static final int CONNECT_MS = 2000;

    /** Above the longest time that a server takes for an answer. */
    private static final int ANSWER_MS = 10_000;

    boolean isOver() {
        return System.nanoTime() - end >= 0;
    }

    /**
     * An address of the abuser: not that of the victims, who would be right to complain about a limit of an address.
     *
     * @param number from 0 to 199
     */
    static InetSocketAddress source(int number) {
        try {
            return new InetSocketAddress(InetAddress.getByAddress(new byte[] {127, 0, 1, (byte) (1 + number)}), 0);
        } catch (UnknownHostException e) {
            throw new IllegalStateException(e);
        }
    }

    /** A new connection. Waits for it for 2 s, and for each answer on it for 10 s. */
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
