package io.streamlocks.client;

import com.sun.management.OperatingSystemMXBean;
import java.lang.management.ManagementFactory;
import java.net.URI;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.UUID;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;

/**
 * Measures what it costs a worker process to keep leases alive. The server is in a process of its own. The arguments
 * are the server's URL, the number of leases (10,000) and the number of seconds (60).
 */
final class HeartbeatCost {

    private static final Duration TTL = Duration.ofSeconds(30);
    private static final int THREADS = 8;

    private HeartbeatCost() {}

    public static void main(String[] args) throws Exception {
        int leases = args.length > 1 ? Integer.parseInt(args[1]) : 10_000;
        int seconds = args.length > 2 ? Integer.parseInt(args[2]) : 60;
        List<Integer> requests = new CopyOnWriteArrayList<>();
        List<LeaseLoss> losses = new CopyOnWriteArrayList<>();
        StreamLockListener listener = new StreamLockListener() {
            @Override
            public void renewed(int renewed, Duration took) {
                requests.add(renewed);
            }

            @Override
            public void lost(LeaseLoss loss) {
                losses.add(loss);
            }
        };
        String run = UUID.randomUUID() + "-";
        try (StreamLockClient client = StreamLockClient.builder(URI.create(args[0]))
                .ttl(TTL)
                .listener(listener)
                .build()) {
            ExecutorService threads = Executors.newFixedThreadPool(THREADS);
            List<Future<?>> acquires = new ArrayList<>();
            for (int i = 0; i < leases; i++) {
                String streamId = run + i;
                acquires.add(threads.submit(() -> client.tryAcquire(streamId).orElseThrow()));
            }
            for (Future<?> acquire : acquires) {
                acquire.get();
            }
            threads.shutdown();

            OperatingSystemMXBean process = (OperatingSystemMXBean) ManagementFactory.getOperatingSystemMXBean();
            // The first round warms up the JVM. The second is what a worker pays.
            for (int round = 0; round < 2; round++) {
                requests.clear();
                long cpu = process.getProcessCpuTime();
                long began = System.nanoTime();
                TimeUnit.SECONDS.sleep(seconds);
                long took = System.nanoTime() - began;
                cpu = process.getProcessCpuTime() - cpu;
                System.out.printf(
                        Locale.ROOT,
                        "%d leases, ttl %s, %d s: %d requests renewed %d leases, %d lost, %.0f ms of CPU, %.2f %% of one core%n",
                        leases,
                        TTL,
                        TimeUnit.NANOSECONDS.toSeconds(took),
                        requests.size(),
                        requests.stream().mapToInt(i -> i).sum(),
                        losses.size(),
                        cpu / 1e6,
                        100.0 * cpu / took);
            }
        }
    }
}
