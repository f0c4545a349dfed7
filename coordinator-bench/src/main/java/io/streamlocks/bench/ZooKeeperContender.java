package io.streamlocks.bench;

import io.streamlocks.testkit.rig.ChildProcess;
import io.streamlocks.testkit.rig.Machine;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.TimeUnit;
import org.apache.curator.framework.CuratorFramework;
import org.apache.curator.framework.CuratorFrameworkFactory;
import org.apache.curator.framework.recipes.locks.InterProcessSemaphoreMutex;
import org.apache.curator.retry.RetryOneTime;
import org.apache.zookeeper.server.ZooKeeperServerMain;

/** One ZooKeeper server in a process of its own, and Curator's mutex that any thread may release. */
final class ZooKeeperContender implements Contender {

    private static final int WORKERS_PER_CLIENT = 16;

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

    private static final class CuratorLocks implements Locks {

        private final List<CuratorFramework> clients = new ArrayList<>();

        CuratorLocks(String server, int workers) throws Exception {
            for (int i = 0; i < workers; i += WORKERS_PER_CLIENT) {
                CuratorFramework client = CuratorFrameworkFactory.newClient(server, new RetryOneTime(100));
                clients.add(client);
                client.start();
                if (!client.blockUntilConnected(10, TimeUnit.SECONDS)) {
                    throw new IllegalStateException("ZooKeeper cannot be reached");
                }
            }
        }

        @Override
        public Optional<Held> tryAcquire(int worker, String streamId) throws Exception {
            InterProcessSemaphoreMutex mutex =
                    new InterProcessSemaphoreMutex(clients.get(worker / WORKERS_PER_CLIENT), "/bench/" + streamId);
            return mutex.acquire(0, TimeUnit.MILLISECONDS) ? Optional.of(mutex::release) : Optional.empty();
        }

        @Override
        public void close() {
            clients.forEach(CuratorFramework::close);
        }
    }
}
