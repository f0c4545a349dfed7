package io.streamlocks.proof.abuse;

import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.regex.Pattern;
import java.util.stream.Collectors;

/** Makes an nginx.conf from the one in docker-compose.yml, so that the attacks go through the documented proxy. */
final class NginxConfig {

    private static final Pattern UPSTREAM = Pattern.compile("(?m)^(\\s*server )coordinator-(\\d):8080([^\n]*\n)");
    private static final Pattern LISTEN = Pattern.compile("(?m)^(?<before>\\s*listen )8080(?<after>[^\n]*;)");
    private static final Pattern PLACES =
            Pattern.compile("(?m)^\\s*(?:user|pid|error_log|access_log|daemon|include|default_type)\\s[^\n]*;\n");

    /** The relevant parts of nginx.conf in the image. */
    private static final String OF_IMAGE = """
            worker_processes auto;

            events {
              worker_connections 1024;
            }

            http {
              keepalive_timeout 65;
            %s
            }
            """;

    private NginxConfig() {}

    /**
     * Returns the configuration.
     *
     * @param compose the lines of docker-compose.yml
     * @param port the port on which nginx listens
     * @param coordinator the port of the only coordinator
     * @param directory the directory for all files that nginx writes
     * @param isRoot whether nginx is started as root; its workers are root then, because they must write to the
     *     directory
     * @throws IllegalArgumentException if docker-compose.yml has no such configuration
     */
    static String of(List<String> compose, int port, int coordinator, Path directory, boolean isRoot) {
        String content = content(compose);
        String whole = content.contains("events {") ? content : String.format(Locale.ROOT, OF_IMAGE, content);
        whole = PLACES.matcher(whole).replaceAll("");
        whole = UPSTREAM.matcher(whole)
                .replaceAll(server -> server.group(2).equals("1")
                        ? server.group(1) + "127.0.0.1:" + coordinator + server.group(3)
                        : "");
        whole = LISTEN.matcher(whole).replaceAll("${before}127.0.0.1:" + port + "${after}");
        String places = "access_log off;\n"
                + List.of("client_body", "proxy", "fastcgi", "uwsgi", "scgi").stream()
                        .map(kind -> kind + "_temp_path " + directory.resolve(kind) + ";\n")
                        .collect(Collectors.joining());
        return "daemon off;\npid " + directory.resolve("nginx.pid") + ";\nerror_log stderr warn;\n"
                + (isRoot ? "user root;\n" : "")
                + whole.replaceFirst("http \\{\n", "http {\n" + places);
    }

    /** Returns the text of the configuration named proxy. */
    private static String content(List<String> compose) {
        int from = compose.indexOf("    content: |") + 1;
        if (from == 0) {
            throw new IllegalArgumentException("docker-compose.yml has no configuration of nginx");
        }
        List<String> lines = new ArrayList<>();
        for (String line : compose.subList(from, compose.size())) {
            if (!line.isBlank() && !line.startsWith("      ")) {
                break;
            }
            lines.add(line.isBlank() ? "" : line.substring(6));
        }
        return String.join("\n", lines).replace("$$", "$");
    }
}
