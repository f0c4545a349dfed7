package io.streamlocks.bench;

import io.streamlocks.client.LeaseLoss;
import io.streamlocks.client.StreamLockClient;
import io.streamlocks.client.StreamLockListener;
import io.streamlocks.testkit.rig.ChildProcess;
import io.streamlocks.testkit.rig.Machine;
import java.io.IOException;
import java.net.URI;
import java.nio.file.Files;
import java.nio.file.Path;
import java.sql.SQLException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.atomic.AtomicLong;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/** The coordinator in a process of its own, and this project's Java client. */
final class CoordinatorContender implements Contender {

    private static final Pattern READY = Pattern.compile("is ready at (http://\\S+)");

    /** The number of workers that share a client. It is the number of its connections. */
    private static final int WORKERS_PER_CLIENT = 64;

    private final Processes processes;
    private final ChildProcess process;
    private final URI uri;
    private final boolean polls;

    private CoordinatorContender(Processes processes, ChildProcess process, URI uri, boolean polls) {
        this.processes = processes;
        this.process = process;
        this.uri = uri;
        this.polls = polls;
    }

    /** Starts the server. Blocks until it is ready. */
    static CoordinatorContender start(Bed bed, String... jvmOptions) throws IOException, InterruptedException {
        return start(bed, "coordinator", Map.of(), jvmOptions);
    }

    /** Starts a server whose workers repeat an acquire instead of waiting. */
    static CoordinatorContender startForPolling(Bed bed) throws IOException, InterruptedException {
        CoordinatorContender started = start(bed, "coordinator-polling", Map.of());
        return new CoordinatorContender(started.processes, started.process, started.uri, true);
    }

    /** Starts another version of the server, on a database of its own, with the tables of that version. */
    static CoordinatorContender startPrevious(Bed bed, Path jar)
            throws IOException, InterruptedException, SQLException {
        Bed other = new Bed(bed.postgres(), bed.processes(), bed.directory(), bed.output(), jar);
        String database = "previous";
        bed.postgres().execute("CREATE DATABASE " + database);
        return start(
                other,
                "coordinator-previous",
                Map.of("DATABASE_URL", bed.postgres().urlOf(database)));
    }

    /** Starts a server that writes no history. */
    static CoordinatorContender startWithoutHistory(Bed bed) throws IOException, InterruptedException {
        return start(bed, "coordinator-without-history", Map.of("LOCK_HISTORY_RETENTION", "0"));
    }

    /** Starts a server that deletes history after a minute, so that the amount of history stays the same. */
    static CoordinatorContender startForgetful(Bed bed) throws IOException, InterruptedException {
        return start(bed, "coordinator-forgetful", Map.of("LOCK_HISTORY_RETENTION", "60s"));
    }

    /**
     * Starts a server with settings of its own. Blocks until it is ready.
     *
     * @param name the name of its log
     */
    static CoordinatorContender start(Bed bed, String name, Map<String, String> settings, String... jvmOptions)
            throws IOException, InterruptedException {
        Path jar = bed.coordinatorJar();
        if (!Files.isRegularFile(jar)) {
            throw new IOException(jar + " does not exist. Build it with: mvn -q -DskipTests package");
        }
        List<String> command = new ArrayList<>(List.of(Machine.java()));
        command.addAll(List.of(jvmOptions));
        String options = System.getenv().getOrDefault("BENCH_SERVER_OPTS", "").trim();
        if (!options.isEmpty()) {
            command.addAll(List.of(options.split("\\s+")));
        }
        command.addAll(List.of("-jar", jar.toString()));
        Path log = bed.output().resolve(name + ".log");
        Map<String, String> environment = new HashMap<>(Map.of(
                "LOCK_BACKEND", "postgres", "DATABASE_URL", bed.postgres().url(), "HTTP_PORT", "0"));
        environment.putAll(settings);
        ChildProcess process = bed.processes().start(command, environment, log);
        Matcher ready = process.awaitOutput(READY, Processes.START);
        return new CoordinatorContender(bed.processes(), process, URI.create(ready.group(1)), false);
    }

    URI uri() {
        return uri;
    }

    ChildProcess process() {
        return process;
    }

    @Override
    public Locks open(int workers) {
        return new ClientLocks(uri, workers, WORKERS_PER_CLIENT);
    }

    /** Connects without a client, for one call at a time on a connection of each worker. */
    Locks openPlain(int workers) throws IOException {
        return new PlainLocks(uri, workers);
    }

    /** Connects with a client for each worker, as if each were a process of its own. No two share a request. */
    Locks openClientEach(int workers) {
        return new ClientLocks(uri, workers, 1);
    }

    @Override
    public Queues openQueues(int workers) {
        return polls ? CoordinatorQueues.polling(uri, workers) : CoordinatorQueues.waiting(uri, workers);
    }

    @Override
    public void close() {
        processes.stop(process);
    }

    private static final class ClientLocks implements Locks {

        private final List<StreamLockClient> clients = new ArrayList<>();
        private final int workersPerClient;
        private final AtomicLong failures = new AtomicLong();

        ClientLocks(URI uri, int workers, int workersPerClient) {
            this.workersPerClient = workersPerClient;
            StreamLockListener listener = new StreamLockListener() {
                @Override
                public void lost(LeaseLoss loss) {
                    failures.incrementAndGet();
                }

                @Override
                public void renewalUnknown(int leases, RuntimeException cause) {
                    failures.incrementAndGet();
                }

                @Override
                public void releaseUnknown(String streamId, RuntimeException cause) {
                    failures.incrementAndGet();
                }
            };
            for (int i = 0; i < workers; i += workersPerClient) {
                clients.add(StreamLockClient.builder(uri)
                        .ttl(Duration.ofMillis(TTL_MS))
                        .listener(listener)
                        .build());
            }
        }

        @Override
        public Optional<Held> tryAcquire(int worker, String streamId) {
            return clients.get(worker / workersPerClient).tryAcquire(streamId).map(lease -> lease::close);
        }

        @Override
        public long failures() {
            return failures.get();
        }

        @Override
        public void close() {
            clients.forEach(StreamLockClient::close);
        }
    }
}
