package io.streamlocks.coordinator.http.jetty;

import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.Predicate;

/** The open connections, and their numbers. This class is thread-safe. */
final class Clients {

    private final Set<Client> all = ConcurrentHashMap.newKeySet();

    /** The number of clients that the limits count; those of the management port are not counted. */
    private final AtomicInteger counted = new AtomicInteger();

    private final Map<String, Integer> perAddress = new ConcurrentHashMap<>();

    void add(Client client) {
        if (all.add(client) && client.isCounted()) {
            counted.incrementAndGet();
            perAddress.merge(client.address(), 1, Integer::sum);
        }
    }

    /** Returns whether the client was there. */
    boolean remove(Client client) {
        boolean known = all.remove(client);
        if (known && client.isCounted()) {
            counted.decrementAndGet();
            perAddress.computeIfPresent(client.address(), (address, count) -> count == 1 ? null : count - 1);
        }
        return known;
    }

    Iterable<Client> all() {
        return all;
    }

    List<Client> all(Predicate<Client> which) {
        return all.stream().filter(which).toList();
    }

    int counted() {
        return counted.get();
    }

    int of(String address) {
        return perAddress.getOrDefault(address, 0);
    }

    Set<String> addresses() {
        return perAddress.keySet();
    }
}
