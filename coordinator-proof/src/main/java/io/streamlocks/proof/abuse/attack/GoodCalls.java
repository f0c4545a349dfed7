package io.streamlocks.proof.abuse.attack;

import java.io.IOException;
import java.util.UUID;

/** A worker acquires, renews and releases one stream on each of 64 connections, as fast as the responses come. */
final class GoodCalls implements Attack {

    private static final int CONNECTIONS = 64;

    /** The number of calls for a lease. All but the first and the last are renewals. */
    private static final int CALLS = 10;

    @Override
    public void run(Target target) throws InterruptedException {
        String bearer = Requests.bearer(target.abuserToken());
        Callers.run(target, CONNECTIONS, caller -> new Talk() {
            private final String stream = Target.PATH + UUID.randomUUID();
            private String leaseId = UUID.randomUUID().toString();
            private int call;

            @Override
            public String once(Connection connection) throws IOException {
                int now = call++ % CALLS;
                if (now == 0) {
                    leaseId = UUID.randomUUID().toString();
                    return send(connection, "acquire", "\"ownerId\":\"abuser\",\"ttlMs\":1000,");
                }
                return send(connection, now == CALLS - 1 ? "release" : "renew", "");
            }

            private String send(Connection connection, String what, String fields) throws IOException {
                String body = "{" + fields + "\"leaseId\":\"" + leaseId + "\"}";
                return Callers.statusOf(connection, Requests.post(stream + "/" + what, bearer, body));
            }
        });
    }
}
