package io.streamlocks.coordinator;

import static org.assertj.core.api.Assertions.assertThat;

import io.streamlocks.coordinator.settings.Settings;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.net.InetAddress;
import java.net.Socket;
import java.nio.charset.StandardCharsets;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;

/** The settings of HTTP take effect on the connections of a server that has started with them. */
class HttpSettingsTest {

    /** This is below 30 s, after which a server once ended an idle connection whatever its settings were. */
    private static final int PATIENCE_MS = 25_000;

    private static Coordinator coordinator(String setting, String value) throws Exception {
        Coordinator coordinator =
                new Coordinator(Settings.from(Map.of("HTTP_PORT", "0", "SHUTDOWN_DRAIN_MS", "0", setting, value)));
        coordinator.ready().get(30, TimeUnit.SECONDS);
        return coordinator;
    }

    /** Returns the head of the response. The connection stays open. */
    private static String probe(Socket socket, String header) throws IOException {
        String request = "GET /livez HTTP/1.1\r\nHost: localhost\r\n" + header + "\r\n";
        socket.getOutputStream().write(request.getBytes(StandardCharsets.US_ASCII));
        ByteArrayOutputStream head = new ByteArrayOutputStream();
        while (!head.toString(StandardCharsets.US_ASCII).endsWith("\r\n\r\n")) {
            int next = socket.getInputStream().read();
            assertThat(next).as("the head so far: %s", head).isNotNegative();
            head.write(next);
        }
        String text = head.toString(StandardCharsets.US_ASCII);
        socket.getInputStream().readNBytes(Integer.parseInt(text.replaceAll("(?s).*Content-Length: (\\d+).*", "$1")));
        return text;
    }

    @Test
    @Tag("slow")
    void anIdleConnectionEndsAfterTheTimeOfItsSetting() throws Exception {
        try (Coordinator coordinator = coordinator("HTTP_IDLE_TIMEOUT_MS", "5000");
                Socket socket = new Socket(InetAddress.getLoopbackAddress(), coordinator.port())) {
            socket.setSoTimeout(PATIENCE_MS);
            assertThat(probe(socket, "")).startsWith("HTTP/1.1 200").doesNotContain("Connection: close");
            assertThat(socket.getInputStream().read()).isEqualTo(-1);
        }
    }

    @Test
    void theHeadOfARequestMayBeAsLargeAsItsSettingAllows() throws Exception {
        try (Coordinator coordinator = coordinator("HTTP_MAX_HEAD_BYTES", "32768");
                Socket socket = new Socket(InetAddress.getLoopbackAddress(), coordinator.port())) {
            socket.setSoTimeout(PATIENCE_MS);
            assertThat(probe(socket, "X-Large: " + "x".repeat(20_000) + "\r\n")).startsWith("HTTP/1.1 200");
        }
    }
}
