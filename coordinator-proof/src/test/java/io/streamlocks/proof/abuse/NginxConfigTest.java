package io.streamlocks.proof.abuse;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.Test;

class NginxConfigTest {

    private static final Path FOLDER = Path.of("/tmp/nginx");

    @Test
    void theProxyOfTheComposeFileListensOnLoopbackAndLeadsToTheOneCoordinator() throws IOException {
        String config = NginxConfig.of(Files.readAllLines(Path.of("../docker-compose.yml")), 1111, 2222, FOLDER, false);

        assertThat(config)
                .contains("listen 127.0.0.1:1111;", "server 127.0.0.1:2222 ", "proxy_set_header Host $http_host;")
                .contains("client_body_temp_path /tmp/nginx/client_body;", "pid /tmp/nginx/nginx.pid;", "daemon off;")
                .containsOnlyOnce("http {")
                .containsOnlyOnce("events {")
                .doesNotContain("coordinator-", "8080", "$$", "user root");
    }

    @Test
    void aCompleteConfigurationChangesOnlyInItsPaths() {
        List<String> compose = List.of(
                "configs:",
                "  proxy:",
                "    content: |",
                "      user nginx;",
                "      pid /run/nginx.pid;",
                "      events {",
                "        worker_connections 16384;",
                "      }",
                "      http {",
                "        client_header_timeout 5s;",
                "      }",
                "",
                "volumes:",
                "  data:");

        String config = NginxConfig.of(compose, 1111, 2222, FOLDER, true);

        assertThat(config)
                .contains("worker_connections 16384;", "client_header_timeout 5s;", "user root;")
                .doesNotContain("1024", "user nginx", "/run/nginx.pid", "volumes");
    }

    @Test
    void aFileWithoutAConfigurationIsRejected() {
        assertThatThrownBy(() -> NginxConfig.of(List.of("services:"), 1, 2, FOLDER, false))
                .isInstanceOf(IllegalArgumentException.class);
    }
}
