package io.streamlocks.coordinator.background;

import io.streamlocks.coordinator.lock.StorageUnavailableException;
import io.streamlocks.coordinator.log.RepeatedErrorLog;
import io.streamlocks.coordinator.log.RootCause;
import io.streamlocks.coordinator.storage.Storage;
import java.time.Duration;
import java.util.Optional;
import java.util.function.Consumer;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import org.slf4j.event.Level;

/** Opens the storage, and tries again every second until that succeeds, however long the storage is away. */
public final class StorageOpening {

    private static final Logger LOG = LoggerFactory.getLogger(StorageOpening.class);
    private static final Duration RETRY_AFTER = Duration.ofSeconds(1);

    private final Storage storage;
    private final Background background;
    private final Consumer<Optional<String>> waiting;
    private final Runnable opened;
    private final RepeatedErrorLog errors = new RepeatedErrorLog(LOG, System::nanoTime);

    /**
     * @param storage the storage
     * @param background runs the tries
     * @param waiting called after each failure, with what the storage lacks, if that is known
     * @param opened called once when the storage is open, unless the background work has been closed before
     */
    public StorageOpening(Storage storage, Background background, Consumer<Optional<String>> waiting, Runnable opened) {
        this.storage = storage;
        this.background = background;
        this.waiting = waiting;
        this.opened = opened;
    }

    /** Starts the first try, and returns. */
    public void start() {
        background.after(Duration.ZERO, this::open);
    }

    private void open() {
        try {
            storage.open();
        } catch (RuntimeException | Error e) {
            waiting.accept(
                    e instanceof StorageUnavailableException unavailable ? unavailable.lack() : Optional.empty());
            if (!background.isClosed()) {
                log(e);
                background.after(RETRY_AFTER, this::open);
            }
            return;
        }
        if (!background.isClosed()) {
            opened.run();
        }
    }

    private void log(Throwable e) {
        // The message of Flyway is a table of several lines. Its cause names the problem in one.
        String reason = storage.explain(RootCause.of(e));
        errors.log(
                Level.WARN,
                "open " + reason,
                storage + " cannot be set up yet. The server tries again every " + RETRY_AFTER.toSeconds() + " s: "
                        + reason,
                RootCause.errorOf(e));
    }
}
