package io.streamlocks.coordinator.background;

import io.streamlocks.coordinator.lock.Upkeep;
import io.streamlocks.coordinator.log.RepeatedErrorLog;
import java.time.Duration;
import java.util.function.ToIntFunction;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import org.slf4j.event.Level;

/** Forgets streams and grants that ended long ago. This class is for one thread at a time. */
public final class Purge implements Runnable {

    private static final Logger LOG = LoggerFactory.getLogger(Purge.class);

    private final Upkeep locks;
    private final Duration tombstoneRetention;
    private final Duration historyRetention;
    private final RepeatedErrorLog errors = new RepeatedErrorLog(LOG, System::nanoTime);

    /**
     * @param locks forgets them
     * @param tombstoneRetention how long a stream is remembered after its last lease has ended
     * @param historyRetention how long a grant is remembered after it has ended
     */
    public Purge(Upkeep locks, Duration tombstoneRetention, Duration historyRetention) {
        this.locks = locks;
        this.tombstoneRetention = tombstoneRetention;
        this.historyRetention = historyRetention;
    }

    /** Blocks for as long as the purge takes, and logs its failure instead of throwing it. */
    @Override
    public void run() {
        purge("streams whose lease ended", tombstoneRetention, locks::purge);
        purge("grants that ended", historyRetention, locks::purgeHistory);
    }

    private void purge(String what, Duration retention, ToIntFunction<Duration> purge) {
        try {
            int purged = purge.applyAsInt(retention);
            if (purged > 0) {
                LOG.info("Purged {} {} more than {} s ago", purged, what, retention.toSeconds());
            }
        } catch (RuntimeException | Error e) {
            // A failure to purge one kind must not keep the other kind.
            errors.log(Level.WARN, what + e, "Failed to purge " + what + " long ago. The server tries again later", e);
        }
    }
}
