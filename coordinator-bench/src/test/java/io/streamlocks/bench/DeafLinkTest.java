package io.streamlocks.bench;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.ByteArrayInputStream;
import java.io.ByteArrayOutputStream;
import java.io.DataOutputStream;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import org.junit.jupiter.api.Test;

class DeafLinkTest {

    @Test
    void onlyNotificationsAreDropped() throws IOException {
        ByteArrayOutputStream fromServer = new ByteArrayOutputStream();
        ByteArrayOutputStream expected = new ByteArrayOutputStream();
        // The second message has 300 bytes, so its length needs two of the four bytes.
        write('R', "ready", fromServer, expected);
        write('D', "A".repeat(300), fromServer, expected);
        write('A', "stream", fromServer);
        write('Z', "", fromServer, expected);

        ByteArrayOutputStream passed = new ByteArrayOutputStream();
        DeafLink.passWithoutNotifications(new ByteArrayInputStream(fromServer.toByteArray()), passed);

        assertThat(passed.toByteArray()).isEqualTo(expected.toByteArray());
    }

    private static void write(char type, String content, ByteArrayOutputStream... to) throws IOException {
        for (ByteArrayOutputStream each : to) {
            DataOutputStream out = new DataOutputStream(each);
            out.writeByte(type);
            out.writeInt(4 + content.length());
            out.write(content.getBytes(StandardCharsets.US_ASCII));
        }
    }
}
