package io.streamlocks.examples.faults.check;

import io.streamlocks.examples.faults.history.Call;
import io.streamlocks.examples.faults.history.Grant;
import io.streamlocks.examples.faults.history.Kind;
import io.streamlocks.examples.faults.history.Write;
import java.util.Comparator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/**
 * All that is known of one stream.
 *
 * @param stream the stream
 * @param calls of the coordinators and the resource, each once
 * @param writes what the resource did, in its order
 * @param grants the coordinators' own history, by token
 */
public record StreamHistory(String stream, List<Call> calls, List<Write> writes, List<Grant> grants) {

    /** Sorts what the rules expect to be sorted. */
    public StreamHistory {
        calls = calls.stream().sorted(Comparator.comparingLong(Call::start)).toList();
        writes = List.copyOf(writes);
        grants = grants.stream().sorted(Comparator.comparingLong(Grant::token)).toList();
    }

    /** The calls of each lease id, in the order of their first. */
    List<LeaseView> leases() {
        Map<String, LeaseView> leases = new LinkedHashMap<>();
        for (Call call : calls) {
            if (call.kind() != Kind.OPEN && call.kind() != Kind.PUBLISH) {
                leases.computeIfAbsent(call.lease(), LeaseView::new).add(call);
            }
        }
        return List.copyOf(leases.values());
    }
}
