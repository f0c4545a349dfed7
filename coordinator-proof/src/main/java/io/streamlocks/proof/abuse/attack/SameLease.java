package io.streamlocks.proof.abuse.attack;

import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.StringJoiner;
import java.util.UUID;

/**
 * A worker with two leases renews one of them 1000 or 700 times in each call, on four connections. A call of 700 leaves
 * room for other calls in its statement. Two leases are enough to delay two statements at once.
 *
 * @param otherTtlEach whether each item names another ttl
 */
record SameLease(boolean otherTtlEach) implements Attack {

    private static final int LEASES = 2;
    private static final List<Integer> ITEMS = List.of(1000, 700);
    private static final int TTL_MS = 3_600_000;

    @Override
    public void run(Target target) throws IOException, InterruptedException {
        String bearer = Requests.bearer(target.abuserToken());
        List<byte[]> requests = new ArrayList<>();
        for (int i = 0; i < LEASES; i++) {
            String id = UUID.randomUUID().toString();
            acquire(target, bearer, id);
            ITEMS.forEach(items -> requests.add(Requests.post("/v1/batch/renew", bearer, renewals(id, items))));
        }
        Callers.run(target, requests.size(), i -> connection -> Callers.statusOf(connection, requests.get(i)));
    }

    /** Acquires a stream. The id is that of the stream and of the lease. */
    private static void acquire(Target target, String bearer, String id) throws IOException {
        String body =
                String.format(Locale.ROOT, "{\"ownerId\":\"abuser\",\"leaseId\":\"%s\",\"ttlMs\":%d}", id, TTL_MS);
        byte[] request = Requests.post(Target.PATH + id + "/acquire", bearer, body);
        try (Connection connection = target.connect()) {
            int status = connection.exchange(request).status();
            if (status != 200) {
                throw new IOException("The abuser was not granted a lease: " + status);
            }
        }
    }

    private String renewals(String id, int count) {
        StringJoiner items = new StringJoiner(",", "{\"items\":[", "]}");
        for (int i = 0; i < count; i++) {
            items.add(String.format(
                    Locale.ROOT,
                    "{\"streamId\":\"%s\",\"leaseId\":\"%s\",\"ttlMs\":%d}",
                    Target.STREAMS + id,
                    id,
                    TTL_MS + (otherTtlEach ? i : 0)));
        }
        return items.toString();
    }
}
