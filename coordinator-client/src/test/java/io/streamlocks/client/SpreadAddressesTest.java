package io.streamlocks.client;

import static org.assertj.core.api.Assertions.assertThat;

import java.net.Inet4Address;
import java.net.InetAddress;
import java.net.UnknownHostException;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import org.junit.jupiter.api.Test;

class SpreadAddressesTest {

    @Test
    void anyAddressOfTheFirstFamilyComesFirstAndTheFamiliesKeepTheirOrder() throws UnknownHostException {
        List<InetAddress> addresses = List.of(
                InetAddress.getByName("10.0.0.1"),
                InetAddress.getByName("10.0.0.2"),
                InetAddress.getByName("10.0.0.3"),
                InetAddress.getByName("fd00::1"),
                InetAddress.getByName("fd00::2"));
        Set<InetAddress> first = new HashSet<>();
        for (int i = 0; i < 1000; i++) {
            InetAddress[] spread = SpreadAddresses.spread(addresses);
            assertThat(spread).containsExactlyInAnyOrderElementsOf(addresses);
            assertThat(List.of(spread).subList(0, 3)).allMatch(Inet4Address.class::isInstance);
            first.add(spread[0]);
        }
        assertThat(first).containsExactlyInAnyOrderElementsOf(addresses.subList(0, 3));
    }
}
