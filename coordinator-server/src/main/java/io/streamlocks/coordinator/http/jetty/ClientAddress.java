package io.streamlocks.coordinator.http.jetty;

import java.net.Inet6Address;
import java.net.InetSocketAddress;
import java.net.SocketAddress;
import java.util.Arrays;
import java.util.HexFormat;

/** The address by which limits count a client. */
final class ClientAddress {

    private static final int NETWORK_BYTES = 8;

    private ClientAddress() {}

    /**
     * Returns the IPv4 address, or the IPv6 network of 64 bits: a client can easily use many addresses of one network.
     */
    static String of(SocketAddress remote) {
        if (!(remote instanceof InetSocketAddress socket) || socket.getAddress() == null) {
            return "unknown";
        }
        return socket.getAddress() instanceof Inet6Address ipv6
                ? HexFormat.ofDelimiter("")
                                .formatHex(Arrays.copyOf(ipv6.getAddress(), NETWORK_BYTES))
                                .replaceAll("(....)", "$1:")
                        + ":/64"
                : socket.getAddress().getHostAddress();
    }
}
