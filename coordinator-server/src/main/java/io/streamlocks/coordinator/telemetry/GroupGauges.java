package io.streamlocks.coordinator.telemetry;

import io.micrometer.core.instrument.Gauge;
import io.micrometer.core.instrument.MeterRegistry;
import io.streamlocks.coordinator.lock.GroupSummary;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.function.Supplier;
import java.util.function.ToIntFunction;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Gauges of the groups of all servers on one storage, as the last run saw them. It logs the groups that lack room, and
 * when that changes. One thread at a time runs this; the gauges may be read by any thread.
 */
final class GroupGauges implements Runnable {

    private static final Logger LOG = LoggerFactory.getLogger(GroupGauges.class);

    private final Supplier<List<GroupSummary>> look;

    /** The groups that lacked room in the latest run, and for how many streams. */
    private Map<String, Integer> withoutRoom = Map.of();

    /** Null while it is not known, because an old value would look healthy. */
    private volatile @Nullable List<GroupSummary> seen;

    GroupGauges(Supplier<List<GroupSummary>> look, MeterRegistry registry) {
        this.look = look;
        show("streamlocks.group.members", "Live members of groups", GroupSummary::members, registry);
        show("streamlocks.group.held", "Leases that the members of groups hold", GroupSummary::held, registry);
        show(
                "streamlocks.group.missing",
                "Leases that the members of groups need, in total, to reach their shares",
                GroupSummary::missing,
                registry);
        show(
                "streamlocks.group.without.room",
                "Streams that no member of their group has room for",
                GroupSummary::withoutRoom,
                registry);
    }

    private void show(String name, String description, ToIntFunction<GroupSummary> value, MeterRegistry registry) {
        Gauge.builder(name, () -> sum(value))
                .description(description + "; not a number if the storage does not respond")
                .strongReference(true)
                .register(registry);
    }

    private double sum(ToIntFunction<GroupSummary> value) {
        List<GroupSummary> groups = seen;
        return groups == null
                ? Double.NaN
                : groups.stream().mapToLong(value::applyAsInt).sum();
    }

    @Override
    public void run() {
        List<GroupSummary> groups;
        try {
            groups = look.get();
            seen = groups;
        } catch (RuntimeException | Error e) {
            seen = null;
            throw e;
        }
        Map<String, Integer> lacking = new HashMap<>();
        for (GroupSummary group : groups) {
            if (group.withoutRoom() == 0) {
                continue;
            }
            lacking.put(group.groupId(), group.withoutRoom());
            if (withoutRoom.getOrDefault(group.groupId(), 0) != group.withoutRoom()) {
                LOG.warn(
                        "The members of group {} have no room for {} of its {} streams. Start more workers, or raise the"
                                + " capacity of each",
                        group.groupId(),
                        group.withoutRoom(),
                        group.wanted());
            }
        }
        withoutRoom = lacking;
    }
}
