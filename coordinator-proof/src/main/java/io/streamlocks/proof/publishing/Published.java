package io.streamlocks.proof.publishing;

import io.streamlocks.examples.api.StreamApi;
import io.streamlocks.examples.api.StreamLog;
import io.streamlocks.proof.check.WriteOrder;
import io.streamlocks.proof.history.Write;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.stream.Collectors;

/**
 * The events that the sink accepted during a run.
 *
 * @param events the number of different events
 * @param opened how often a worker opened a stream
 * @param publishes the number of publishes
 * @param again the number of publishes of an event that was published before
 * @param stale the number of publishes from a stale holder
 * @param fallen the number of requests, of any kind, with a lower token than an earlier request
 * @param refused the number of requests with a stale token that the sink refused
 */
record Published(long events, long opened, long publishes, long again, long stale, long fallen, long refused) {

    static Published of(StreamApi api) {
        List<Write> writes = Write.acceptedBy(api);
        List<WriteOrder> orders = writes.stream().collect(Collectors.groupingBy(Write::stream)).values().stream()
                .map(WriteOrder::of)
                .toList();
        long opened = writes.stream().filter(Write::isOpening).count();
        return new Published(
                api.accepted(),
                opened,
                writes.size() - opened,
                orders.stream().mapToLong(order -> order.again().size()).sum(),
                orders.stream()
                        .flatMap(order -> order.stale().stream())
                        .filter(conflict -> !conflict.later().isOpening())
                        .count(),
                orders.stream().mapToLong(order -> order.stale().size()).sum(),
                api.streams().values().stream().mapToLong(StreamLog::refused).sum());
    }

    /** Returns the promises that a run broke. Without a fence, returns a failure if the run shows nothing. */
    List<String> failures(PublishingSettings settings) {
        List<String> failures = new ArrayList<>();
        if (events != settings.events()) {
            failures.add("not every event was accepted");
        }
        if (!settings.fenced()) {
            if (stale == 0) {
                failures.add("the sink accepted no stale publish, so this control shows nothing");
            }
            return failures;
        }
        if (again > 0) {
            failures.add("the sink accepted events twice");
        }
        if (stale > 0) {
            failures.add("the sink accepted events from a stale holder");
        }
        if (fallen > 0) {
            failures.add("the token of a stream fell");
        }
        return failures;
    }

    String summary(int expected) {
        return String.format(
                Locale.ROOT,
                "Accepted %d of %d events in %d publishes. %d were accepted again, %d from a stale holder. "
                        + "%d requests with a stale token were refused.",
                events,
                expected,
                publishes,
                again,
                stale,
                refused);
    }
}
