package io.streamlocks.proof.check;

import io.streamlocks.proof.history.Call;
import io.streamlocks.proof.history.Grant;
import io.streamlocks.proof.history.Kind;
import io.streamlocks.proof.history.Write;
import java.util.Comparator;
import java.util.HashMap;
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

    /** How many leases before the latest a coordinator knows of. */
    static final int REMEMBERED = 8;

    /**
     * The calls of each lease id, in the order of their first. An id that was forgotten may be granted once more to an
     * acquire that comes late: that is another lease, which nobody holds.
     */
    List<LeaseView> leases() {
        Map<String, Long> tokens = new HashMap<>();
        calls.stream().filter(Call::showsLease).forEach(call -> tokens.merge(call.lease(), call.token(), Math::min));
        Map<String, LeaseView> leases = new LinkedHashMap<>();
        for (Call call : calls) {
            if (call.kind() != Kind.OPEN && call.kind() != Kind.PUBLISH) {
                boolean again = call.showsLease() && isForgotten(tokens.get(call.lease()), call.token());
                String id = again ? call.lease() + " with token " + call.token() : call.lease();
                leases.computeIfAbsent(id, LeaseView::new).add(call);
            }
        }
        return List.copyOf(leases.values());
    }

    /** Whether a lease of one token was forgotten when another token was granted. */
    private boolean isForgotten(long token, long later) {
        return later > token
                && grants.stream()
                                .filter(grant -> token < grant.token() && grant.token() < later)
                                .count()
                        > REMEMBERED;
    }
}
