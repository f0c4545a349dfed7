package io.streamlocks.coordinator.telemetry;

import io.micrometer.core.instrument.Gauge;
import io.micrometer.core.instrument.MeterRegistry;
import io.streamlocks.coordinator.lock.StorageCondition;
import java.util.OptionalLong;
import java.util.function.Supplier;
import java.util.function.ToDoubleFunction;
import org.jspecify.annotations.Nullable;

/**
 * Gauges of the obsolete rows and the epoch of the storage, as the last run saw them. One thread at a time runs this;
 * the gauges may be read by any thread.
 */
final class StorageGauges implements Runnable {

    private final Supplier<StorageCondition> look;

    /** Null while it is not known, because an old value would look healthy. */
    private volatile @Nullable StorageCondition seen;

    StorageGauges(Supplier<StorageCondition> look, MeterRegistry registry) {
        this.look = look;
        show(
                Gauge.builder("streamlocks.database.oldest.transaction.seconds", () -> of(StorageGauges::seconds))
                        .description(
                                "Time that the oldest transaction of the database has been open; not a number if the"
                                        + " server may not see it"),
                registry);
        show(
                Gauge.builder(
                                "streamlocks.database.held.transactions",
                                () -> of(condition -> condition.heldTransactions()))
                        .description(
                                "Transactions since the oldest snapshot of the database, which a session, a slot or a"
                                        + " prepared transaction holds; row versions that became obsolete since then"
                                        + " are kept"),
                registry);
        show(
                Gauge.builder("streamlocks.database.epoch", () -> of(StorageCondition::epoch))
                        .description("Promotions, restores and copies of the database that were noticed"),
                registry);
        String rows = "Rows of streams, and obsolete versions of those rows that are kept, as the database estimates";
        show(
                Gauge.builder("streamlocks.table.rows", () -> of(condition -> number(condition.liveRows())))
                        .tag("state", "live")
                        .description(rows),
                registry);
        show(
                Gauge.builder("streamlocks.table.rows", () -> of(condition -> number(condition.deadRows())))
                        .tag("state", "dead")
                        .description(rows),
                registry);
    }

    private static void show(Gauge.Builder<?> gauge, MeterRegistry registry) {
        gauge.strongReference(true).register(registry);
    }

    private double of(ToDoubleFunction<StorageCondition> value) {
        StorageCondition condition = seen;
        return condition == null ? Double.NaN : value.applyAsDouble(condition);
    }

    private static double seconds(StorageCondition condition) {
        return condition
                .oldestTransaction()
                .map(duration -> duration.toMillis() / 1000.0)
                .orElse(Double.NaN);
    }

    private static double number(OptionalLong value) {
        return value.isPresent() ? value.getAsLong() : Double.NaN;
    }

    @Override
    public void run() {
        try {
            seen = look.get();
        } catch (RuntimeException | Error e) {
            seen = null;
            throw e;
        }
    }
}
