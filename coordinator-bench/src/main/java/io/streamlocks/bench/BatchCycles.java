package io.streamlocks.bench;

import io.streamlocks.bench.BatchCalls.Call;
import java.io.IOException;
import java.net.URI;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.ThreadLocalRandom;

/** Acquires and releases batches of streams. Each worker has streams of its own. */
final class BatchCycles implements Workload {

    static final int BATCH = 100;

    private final BatchCalls calls;
    private final List<List<LeaseBatch>> batches = new ArrayList<>();

    BatchCycles(URI coordinator, int workers, int streams) {
        this.calls = new BatchCalls(coordinator, workers);
        List<String> streamIds = Cycles.streamIds(streams);
        int each = Math.max(1, streams / workers / BATCH);
        for (int worker = 0; worker < workers; worker++) {
            List<LeaseBatch> own = new ArrayList<>();
            for (int i = 0; i < each; i++) {
                int from = (worker * each + i) * BATCH;
                own.add(new LeaseBatch(streamIds.subList(from, from + BATCH), Locks.TTL_MS));
            }
            batches.add(own);
        }
    }

    @Override
    public int once(int worker, Lap lap) throws IOException {
        List<LeaseBatch> own = batches.get(worker);
        LeaseBatch batch = own.get(ThreadLocalRandom.current().nextInt(own.size()));
        batch.newLeases();
        calls.call(Call.ACQUIRE, batch);
        lap.acquired();
        calls.call(Call.RELEASE, batch);
        return batch.size();
    }

    @Override
    public void close() {
        calls.close();
    }
}
