package io.streamlocks.bench;

import java.util.List;
import java.util.Optional;
import java.util.concurrent.ThreadLocalRandom;
import java.util.stream.IntStream;

/** Acquires and releases random streams. */
final class Cycles implements Workload {

    private final Locks locks;
    private final List<String> streamIds;

    Cycles(Locks locks, int streams) {
        this.locks = locks;
        this.streamIds = streamIds(streams);
    }

    static List<String> streamIds(int count) {
        return IntStream.range(0, count).mapToObj(i -> "stream-" + i).toList();
    }

    @Override
    public int once(int worker, Lap lap) throws Exception {
        String streamId = streamIds.get(ThreadLocalRandom.current().nextInt(streamIds.size()));
        Optional<Locks.Held> held = locks.tryAcquire(worker, streamId);
        if (held.isEmpty()) {
            return 0;
        }
        lap.acquired();
        held.get().release();
        return 1;
    }

    @Override
    public long failures() {
        return locks.failures();
    }

    @Override
    public void close() {
        locks.close();
    }
}
