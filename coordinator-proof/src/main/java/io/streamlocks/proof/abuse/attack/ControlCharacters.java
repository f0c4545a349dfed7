package io.streamlocks.proof.abuse.attack;

import java.util.List;
import java.util.Locale;

/** A worker puts control and format characters into paths, headers, ids and labels, on nine connections. */
final class ControlCharacters implements Attack {

    private static final int CONNECTIONS = 9;

    /** A new line, an escape, the C1 form of an escape, a right-to-left override, and a line separator. */
    private static final String IN_PATH = "%0D%0A%1B%5B31m%C2%9B%E2%80%AE%E2%80%A8";

    private static final String IN_JSON = "\\r\\n\\u001b[31m\\u009b\\u202e\\u2028";

    /** U+009B, U+202E and U+2028 as the bytes of UTF-8. */
    private static final String UNESCAPED = "\u00c2\u009b\u00e2\u0080\u00ae\u00e2\u0080\u00a8";

    @Override
    public void run(Target target) throws InterruptedException {
        String bearer = Requests.bearer(target.abuserToken());
        String webSocket = "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nSec-WebSocket-Version: 13\r\n";
        String acquire = String.format(Locale.ROOT, "{\"ownerId\":\"%1$s\",\"labels\":{\"%1$s\":\"%1$s\"}}", IN_JSON);
        List<byte[]> requests = List.of(
                Requests.get(Target.PATH + IN_PATH, bearer),
                Requests.get("/v1/" + IN_PATH, bearer),
                Requests.get(Target.PATH + "%C2%9B%E2%80%AE%E2%80%A8", webSocket),
                Requests.get(Target.PATH + UNESCAPED, webSocket),
                Requests.get("/v1/locks?" + IN_PATH + "=" + IN_PATH, bearer),
                Requests.get(Target.PATH + UNESCAPED + "\u00ff", bearer),
                Requests.get("/livez", "X-Request-Id: " + UNESCAPED + "\r\n" + bearer),
                Requests.post(Target.PATH + IN_PATH + "/acquire", bearer, acquire),
                Requests.post("/v1/batch/renew", bearer, "{\"" + IN_JSON + "\":\"" + IN_JSON + "\"}"));
        Callers.run(target, CONNECTIONS, i -> {
            byte[] request = requests.get(i % requests.size());
            return connection -> Callers.statusOf(connection, request);
        });
    }
}
