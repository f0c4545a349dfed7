package io.streamlocks.bench;

import io.streamlocks.testkit.rig.ChildProcess;
import io.streamlocks.testkit.rig.Machine;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.UUID;
import redis.clients.jedis.ConnectionPoolConfig;
import redis.clients.jedis.RedisClient;
import redis.clients.jedis.params.SetParams;

/** Redis that syncs every write to disk. A lock is a key that is set if absent, and deleted if it has not changed. */
final class RedisContender implements Contender {

    private static final int CONNECTIONS = 64;

    private static final String RELEASE = """
            if redis.call('get', KEYS[1]) == ARGV[1] then return redis.call('del', KEYS[1]) end
            return 0""";

    private final int port;

    private RedisContender(int port) {
        this.port = port;
    }

    static RedisContender start(Bed bed) throws Exception {
        Path program = Machine.find("redis-server")
                .orElseThrow(() -> new NotInstalledException("apt-get install redis-server"));
        int port = Machine.freePort();
        Path directory = Files.createDirectories(bed.directory().resolve("redis"));
        Path log = bed.output().resolve("redis.log");
        ChildProcess process = bed.processes()
                .start(
                        List.of(
                                program.toString(),
                                "--bind",
                                "127.0.0.1",
                                "--port",
                                Integer.toString(port),
                                "--dir",
                                directory.toString(),
                                "--save",
                                "",
                                "--appendonly",
                                "yes",
                                "--appendfsync",
                                "always"),
                        Map.of(),
                        log);
        process.awaitPort(port, Processes.START);
        return new RedisContender(port);
    }

    @Override
    public Locks open(int workers) {
        ConnectionPoolConfig pool = new ConnectionPoolConfig();
        pool.setMaxTotal(Math.min(CONNECTIONS, workers));
        pool.setMaxIdle(pool.getMaxTotal());
        RedisClient client = RedisClient.builder()
                .hostAndPort("127.0.0.1", port)
                .poolConfig(pool)
                .build();
        return new RedisLocks(client, client.scriptLoad(RELEASE));
    }

    private record RedisLocks(RedisClient client, String release) implements Locks {

        @Override
        public Optional<Held> tryAcquire(int worker, String streamId) {
            String proof = UUID.randomUUID().toString();
            String set = client.set(streamId, proof, SetParams.setParams().nx().px(TTL_MS));
            return set == null ? Optional.empty() : Optional.of(() -> release(streamId, proof));
        }

        private void release(String streamId, String proof) {
            Object deleted = client.evalsha(release, List.of(streamId), List.of(proof));
            if (!Long.valueOf(1).equals(deleted)) {
                throw new IllegalStateException("A lock was lost");
            }
        }

        @Override
        public void close() {
            client.close();
        }
    }
}
