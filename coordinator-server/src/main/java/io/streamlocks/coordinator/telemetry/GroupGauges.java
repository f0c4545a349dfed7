package io.streamlocks.coordinator.telemetry;

import io.micrometer.core.instrument.Gauge;
import io.micrometer.core.instrument.MeterRegistry;
import io.streamlocks.coordinator.lock.Group;
import io.streamlocks.coordinator.log.RepeatedErrorLog;
import java.util.List;
import java.util.function.Supplier;
import java.util.function.ToIntFunction;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import org.slf4j.event.Level;

/**
 * Gauges of the groups of all servers on one storage, as the last run saw them. It logs the groups that lack room. One
 * thread at a time runs this; the gauges may be read by any thread.
 */
final class GroupGauges implements Runnable {

    private static final Logger LOG = LoggerFactory.getLogger(GroupGauges.class);

    private final Supplier<List<Group>> look;
    private final RepeatedErrorLog errors = new RepeatedErrorLog(LOG, System::nanoTime);

    /** Null while it is not known, because an old value would look healthy. */
    private volatile @Nullable List<Group> seen;

    GroupGauges(Supplier<List<Group>> look, MeterRegistry registry) {
        this.look = look;
        show(
                "streamlocks.group.members",
                "Live members of all groups",
                group -> group.members().size(),
                registry);
        show("streamlocks.group.held", "Leases that the members of all groups hold", Group::held, registry);
        show(
                "streamlocks.group.missing",
                "Leases that the members of all groups lack to their shares",
                Group::missing,
                registry);
        show(
                "streamlocks.group.without.room",
                "Streams of all groups that no member has room for",
                Group::withoutRoom,
                registry);
    }

    private void show(String name, String description, ToIntFunction<Group> value, MeterRegistry registry) {
        Gauge.builder(name, () -> sum(value))
                .description(description + "; not a number if the storage does not respond")
                .strongReference(true)
                .register(registry);
    }

    private double sum(ToIntFunction<Group> value) {
        List<Group> groups = seen;
        return groups == null
                ? Double.NaN
                : groups.stream().mapToLong(value::applyAsInt).sum();
    }

    @Override
    public void run() {
        List<Group> groups;
        try {
            groups = look.get();
            seen = groups;
        } catch (RuntimeException | Error e) {
            seen = null;
            throw e;
        }
        groups.stream().filter(group -> group.withoutRoom() > 0).forEach(this::log);
    }

    private void log(Group group) {
        errors.log(
                Level.WARN,
                group.groupId(),
                "The members of group " + group.groupId() + " have no room for " + group.withoutRoom() + " of its "
                        + group.wanted() + " streams. Start more workers, or raise the capacity of each");
    }
}
