package io.streamlocks.bench;

import io.streamlocks.bench.BatchCalls.Call;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.URI;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.stream.IntStream;

/** Renews leases. Each worker has a full batch of them. */
final class Heartbeats implements Workload {

    static final int BATCH = 1000;

    /** This is longer than a measurement, so that a slow one loses no lease. */
    private static final long TTL_MS = TimeUnit.MINUTES.toMillis(30);

    private final BatchCalls calls;
    private final List<LeaseBatch> batches = new ArrayList<>();

    Heartbeats(URI coordinator, int workers) throws IOException {
        calls = new BatchCalls(coordinator, workers);
        for (int worker = 0; worker < workers; worker++) {
            String prefix = "beat-" + worker + "-";
            LeaseBatch batch = new LeaseBatch(
                    IntStream.range(0, BATCH).mapToObj(i -> prefix + i).toList(), TTL_MS);
            batches.add(batch);
            calls.call(Call.ACQUIRE, batch);
        }
    }

    @Override
    public int once(int worker, Lap lap) throws IOException {
        calls.call(Call.RENEW, batches.get(worker));
        return BATCH;
    }

    @Override
    public void close() {
        try {
            for (LeaseBatch batch : batches) {
                calls.call(Call.RELEASE, batch);
            }
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        } finally {
            calls.close();
        }
    }
}
