package io.streamlocks.proof.patroni;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import io.streamlocks.proof.faults.DatabaseAccess;
import io.streamlocks.proof.process.Cleanup;
import io.streamlocks.testkit.rig.ChildProcess;
import io.streamlocks.testkit.rig.Folders;
import java.io.IOException;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.TimeUnit;
import java.util.stream.Collectors;

/** An etcd, three nodes with Patroni and PostgreSQL, and a HAProxy that leads to the primary. */
final class PatroniCluster implements AutoCloseable {

    private static final int NODES = 3;
    private static final Duration HEALTHY = Duration.ofMinutes(3);
    private static final Duration PATRONICTL = Duration.ofMinutes(2);
    private static final ObjectMapper JSON = new ObjectMapper();

    private final Programs programs;
    private final boolean synchronous;
    private final Path logs;
    private final Cleanup cleanup = new Cleanup();
    private final List<PatroniNode> nodes = new ArrayList<>();
    private Optional<Haproxy> haproxy = Optional.empty();
    private final HttpClient http =
            HttpClient.newBuilder().connectTimeout(Duration.ofSeconds(1)).build();

    /**
     * Describes a cluster, and starts nothing.
     *
     * @param synchronous whether commits wait for a standby, which alone may be promoted
     * @param logs the directory for the output of the processes
     */
    PatroniCluster(Programs programs, boolean synchronous, Path logs) {
        this.programs = programs;
        this.synchronous = synchronous;
        this.logs = logs;
    }

    /** Starts everything. Blocks until there is a primary with two standbys, for three minutes at most. */
    void start(PatroniSettings settings) throws IOException, InterruptedException {
        Path folder = Files.createTempDirectory("patroni");
        cleanup.closeLater(() -> Folders.delete(folder));
        Etcd etcd = cleanup.closeLater(Etcd.start(programs.etcd(), folder, logs));
        for (int number = 1; number <= NODES; number++) {
            nodes.add(cleanup.closeLater(
                    new PatroniNode(number, programs, settings, synchronous, etcd.port(), folder, logs)));
        }
        for (PatroniNode node : nodes) {
            node.start();
        }
        haproxy = Optional.of(cleanup.closeLater(Haproxy.start(programs.haproxy(), nodes, folder, logs)));
        awaitHealthy();
    }

    /** Returns two ways to the database: through HAProxy, and with the addresses of all nodes. */
    List<DatabaseAccess> accesses() {
        String hosts = nodes.stream().map(node -> "127.0.0.1:" + node.port()).collect(Collectors.joining(","));
        return List.of(
                new DatabaseAccess(
                        "postgres://postgres@127.0.0.1:" + haproxy.orElseThrow().port() + "/postgres", List.of()),
                new DatabaseAccess("postgres://postgres@" + hosts + "/postgres", List.of()));
    }

    List<PatroniNode> nodes() {
        return nodes;
    }

    /**
     * Blocks until each node runs, two of them as standbys of the third, and returns that one.
     *
     * @throws IOException after three minutes
     */
    PatroniNode awaitHealthy() throws IOException, InterruptedException {
        long began = System.nanoTime();
        while (true) {
            String members = members();
            Optional<PatroniNode> primary = primary(members);
            if (primary.isPresent()) {
                return primary.get();
            }
            if (System.nanoTime() - began > HEALTHY.toNanos()) {
                throw new IOException("The nodes are not well after " + HEALTHY + ": " + members);
            }
            TimeUnit.MILLISECONDS.sleep(200);
        }
    }

    /** Returns the primary if all nodes are well. Returns nothing otherwise. */
    private Optional<PatroniNode> primary(String answer) throws IOException {
        JsonNode members = JSON.readTree(answer).path("members");
        String leader = "";
        int standbys = 0;
        int synchronousStandbys = 0;
        for (JsonNode member : members) {
            String role = member.path("role").asText();
            String state = member.path("state").asText();
            // Later versions of Patroni say streaming. A node whose lag is unknown is not attached.
            boolean runs = state.equals("running") || state.equals("streaming");
            if (runs && role.equals("leader")) {
                leader = member.path("name").asText();
            } else if (runs && member.path("lag").isNumber()) {
                standbys++;
                synchronousStandbys += role.equals("sync_standby") ? 1 : 0;
            }
        }
        String name = leader;
        return standbys == NODES - 1 && (!synchronous || synchronousStandbys > 0)
                ? nodes.stream()
                        .filter(node -> node.name().equals(name))
                        .filter(PatroniNode::isPrimary)
                        .findFirst()
                : Optional.empty();
    }

    /** Returns the members as a Patroni that answers knows them. Returns an empty object if none does. */
    private String members() throws InterruptedException {
        for (PatroniNode node : nodes) {
            try {
                HttpRequest request = HttpRequest.newBuilder(
                                URI.create("http://127.0.0.1:" + node.restPort() + "/cluster"))
                        .timeout(Duration.ofSeconds(2))
                        .build();
                HttpResponse<String> response = http.send(request, HttpResponse.BodyHandlers.ofString());
                if (response.statusCode() == 200) {
                    return response.body();
                }
            } catch (IOException e) {
                // Another one may answer.
            }
        }
        return "{}";
    }

    /** Asks Patroni for a switchover to any standby. Returns what patronictl wrote. Blocks until it ends. */
    String switchOver() throws IOException, InterruptedException {
        try (ChildProcess patronictl = ChildProcess.command(
                        programs.patronictl().toString(),
                        "-c",
                        nodes.get(0).config().toString(),
                        "switchover",
                        "--force",
                        PatroniConfig.SCOPE)
                .name("patronictl")
                // Its library refuses to run in a locale without UTF-8.
                .environment(Map.of("LC_ALL", "C.UTF-8"))
                .log(logs.resolve("patronictl.log"))
                .start()) {
            patronictl.exitCode(PATRONICTL);
            return patronictl.output();
        }
    }

    /** Returns the nodes whose Patroni ended by itself. Reports each end once. */
    List<String> deaths() {
        return nodes.stream()
                .map(PatroniNode::patroni)
                .filter(ChildProcess::hasDied)
                .map(ChildProcess::name)
                .toList();
    }

    /** Stops everything, and deletes its data. */
    @Override
    public void close() {
        // All stop at the same time. One after the other would promote the next one each time.
        nodes.stream().map(PatroniNode::patroni).filter(ChildProcess::isAlive).forEach(ChildProcess::terminate);
        cleanup.close();
    }
}
