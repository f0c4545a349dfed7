package io.streamlocks.proof.abuse.attack;

import java.io.IOException;
import java.util.List;
import java.util.Locale;
import java.util.function.IntFunction;
import java.util.stream.Collectors;
import java.util.stream.IntStream;

/** A worker sends bodies of just below 1 MiB that are costly to parse, one kind after the other, on 32 connections. */
final class HugeBodies implements Attack {

    private static final int CONNECTIONS = 32;

    /** A little below the limit for a body. */
    private static final int SIZE = 1_040_000;

    @Override
    public void run(Target target) throws InterruptedException {
        String bearer = Requests.bearer(target.abuserToken());
        String single = Target.PATH + "huge/acquire";
        String owner = "{\"ownerId\":\"abuser\"";
        List<byte[]> requests = List.of(
                Requests.post(
                        "/v1/batch/acquire",
                        bearer,
                        "{\"items\":["
                                + many(
                                        20_000,
                                        i -> String.format(
                                                Locale.ROOT, "{\"streamId\":\"abuser/%d\",\"ownerId\":\"a\"}", i))
                                + "]}"),
                Requests.post(
                        "/v1/batch/acquire",
                        bearer,
                        "{\"items\":[{\"streamId\":\"abuser/1\",\"ownerId\":\"a\",\"labels\":{"
                                + many(80_000, i -> String.format(Locale.ROOT, "\"l%05d\":\"\"", i)) + "}}]}"),
                Requests.post("/v1/batch/renew", bearer, "{\"items\":" + "[".repeat(SIZE)),
                Requests.post("/v1/batch/renew", bearer, "{\"items\":[" + "{\"a\":".repeat(SIZE / 5)),
                Requests.post("/v1/batch/renew", bearer, "{\"items\":[" + many(SIZE / 3, i -> "{}") + "]}"),
                Requests.post(single, bearer, owner + "," + many(80_000, i -> "\"x" + i + "\":1") + "}"),
                Requests.post(single, bearer, "{\"ownerId\":\"" + "\\u00e9".repeat(SIZE / 6) + "\"}"),
                Requests.post(single, bearer, owner + ",\"ttlMs\":" + "9".repeat(SIZE) + "}"),
                Requests.post(single, bearer, owner + ",\"ttlMs\":1e" + "9".repeat(SIZE) + "}"),
                Requests.post(single, bearer, " ".repeat(SIZE) + owner + "}"));
        Callers.run(target, CONNECTIONS, caller -> new Talk() {
            private int next = caller;

            @Override
            public String once(Connection connection) throws IOException {
                return Callers.statusOf(connection, requests.get(next++ % requests.size()));
            }
        });
    }

    private static String many(int count, IntFunction<String> each) {
        return IntStream.range(0, count).mapToObj(each).collect(Collectors.joining(","));
    }
}
