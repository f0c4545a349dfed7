package io.streamlocks.proof.abuse.attack;

import java.util.List;

/** Without a token, eight connections request WebSocket and HTTP/2. */
final class Upgrades implements Attack {

    private static final int CONNECTIONS = 8;

    @Override
    public void run(Target target) throws InterruptedException {
        String webSocket = "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nSec-WebSocket-Version: 13\r\n";
        List<byte[]> requests = List.of(
                Requests.get(Target.PATH + "x", webSocket),
                Requests.get(Target.PATH + "x", "Connection: Upgrade\r\nUpgrade: websocket\r\n" + webSocket),
                Requests.get("/v1/%C2%9B%E2%80%AE%E2%80%A8", webSocket),
                Requests.get("/livez", "Connection: Upgrade\r\nUpgrade: websocket\r\n" + webSocket),
                Requests.get(
                        "/v1/locks",
                        "Connection: Upgrade, HTTP2-Settings\r\nUpgrade: h2c\r\nHTTP2-Settings: AAMAAABkAAQAAP__\r\n"));
        Callers.run(target, CONNECTIONS, i -> {
            byte[] request = requests.get(i % requests.size());
            return connection -> Callers.statusOf(connection, request);
        });
    }
}
