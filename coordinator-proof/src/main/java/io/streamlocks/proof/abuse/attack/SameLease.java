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
 */
final class SameLease implements Attack {

    private static final int LEASES = 2;
    private static final List<Integer> ITEMS = List.of(1000, 700);
    private static final int TTL_MS = 3_600_000;

    private final boolean otherTtlEach;

    SameLease(boolean otherTtlEach) {
        this.otherTtlEach = otherTtlEach;
    }

    @Override
    public void run(Target target) throws IOException, InterruptedException {
        String bearer = Requests.bearer(target.abuserToken());
        List<byte[]> requests = new ArrayList<>();
        for (int i = 0; i < LEASES; i++) {
            String id = UUID.randomUUID().toString();
            acquire(target, id);
            ITEMS.forEach(items -> requests.add(Requests.post("/v1/batch/renew", bearer, renewals(id, items))));
        }
        Callers.run(
                target, requests.size(), caller -> connection -> Callers.statusOf(connection, requests.get(caller)));
    }

    /** Acquires a stream. The id is that of the stream and of the lease. */
    private static void acquire(Target target, String id) throws IOException {
        String body =
                String.format(Locale.ROOT, "{\"ownerId\":\"abuser\",\"leaseId\":\"%s\",\"ttlMs\":%d}", id, TTL_MS);
        try (Connection connection = target.connect()) {
            int status = connection
                    .exchange(Requests.post(Target.PATH + id + "/acquire", Requests.bearer(target.abuserToken()), body))
                    .status();
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
