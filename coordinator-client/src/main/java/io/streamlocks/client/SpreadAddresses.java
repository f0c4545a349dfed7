package io.streamlocks.client;

import java.net.InetAddress;
import java.net.UnknownHostException;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import org.apache.hc.client5.http.SystemDefaultDnsResolver;

/**
 * Resolves the name of a host for each new connection, and tries its addresses in a random order. The operating system
 * sorts addresses of one family, so all clients would connect to the same one of several servers behind a name, and go
 * on to do so while it hangs. The order of the families stays, because a machine may not reach both. This class is
 * thread-safe.
 */
final class SpreadAddresses extends SystemDefaultDnsResolver {

    @Override
    public InetAddress[] resolve(String host) throws UnknownHostException {
        return spread(List.of(super.resolve(host)));
    }

    static InetAddress[] spread(List<InetAddress> addresses) {
        List<Class<?>> families = addresses.stream()
                .<Class<?>>map(InetAddress::getClass)
                .distinct()
                .toList();
        List<InetAddress> spread = new ArrayList<>(addresses);
        Collections.shuffle(spread);
        // The sort keeps the order within a family.
        spread.sort(
                (one, other) -> Integer.compare(families.indexOf(one.getClass()), families.indexOf(other.getClass())));
        return spread.toArray(InetAddress[]::new);
    }
}
