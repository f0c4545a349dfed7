package io.streamlocks.bench;

import java.util.List;
import java.util.Optional;
import java.util.UUID;
import redis.clients.jedis.ConnectionPoolConfig;
import redis.clients.jedis.RedisClient;
import redis.clients.jedis.params.SetParams;

/** Keys of Redis that are set if they are absent, and deleted by a script if they have not changed. */
final class RedisLocks implements Locks {

    private static final int CONNECTIONS = 64;

    private static final String RELEASE = """
            if redis.call('get', KEYS[1]) == ARGV[1] then return redis.call('del', KEYS[1]) end
            return 0""";

    private final RedisClient client;
    private final String release;

    RedisLocks(int port, int workers) {
        ConnectionPoolConfig pool = new ConnectionPoolConfig();
        pool.setMaxTotal(Math.min(CONNECTIONS, workers));
        pool.setMaxIdle(pool.getMaxTotal());
        client = RedisClient.builder()
                .hostAndPort("127.0.0.1", port)
                .poolConfig(pool)
                .build();
        release = client.scriptLoad(RELEASE);
    }

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
