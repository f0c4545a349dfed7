package io.streamlocks.bench;

import io.streamlocks.testkit.rig.ChildProcess;
import io.streamlocks.testkit.rig.Machine;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import org.apache.zookeeper.server.ZooKeeperServerMain;

/** One ZooKeeper server in a process of its own, and Curator's mutexes. */
final class ZooKeeperContender implements Contender {

    private final String server;

    private ZooKeeperContender(String server) {
        this.server = server;
    }

    static ZooKeeperContender start(Bed bed) throws Exception {
        int port = Machine.freePort();
        Path settings = bed.directory().resolve("zookeeper.properties");
        Files.writeString(
                settings, String.format(Locale.ROOT, """
                        dataDir=%s
                        clientPortAddress=127.0.0.1
                        clientPort=%d
                        maxClientCnxns=0
                        admin.enableServer=false
                        """, bed.directory().resolve("zookeeper"), port));
        Path log = bed.output().resolve("zookeeper.log");
        ChildProcess process = bed.processes()
                .start(
                        List.of(
                                Machine.java(),
                                "-Dzookeeper.forceSync=yes",
                                "-cp",
                                System.getProperty("java.class.path"),
                                ZooKeeperServerMain.class.getName(),
                                settings.toString()),
                        Map.of(),
                        log);
        process.awaitPort(port, Processes.START);
        return new ZooKeeperContender("127.0.0.1:" + port);
    }

    @Override
    public Locks open(int workers) throws Exception {
        return new CuratorLocks(server, workers);
    }

    @Override
    public Queues openQueues(int workers) throws Exception {
        return new CuratorQueues(server, workers);
    }
}
