package io.streamlocks.bench;

import io.streamlocks.testkit.rig.ChildProcess;
import io.streamlocks.testkit.rig.Machine;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;

/** Redis that syncs every write to disk. A lock is a key that is set if absent, and deleted if it has not changed. */
final class RedisContender implements Contender {

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
        return new RedisLocks(port, workers);
    }
}
