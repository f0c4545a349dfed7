package io.streamlocks.proof.check;

import io.streamlocks.proof.history.Call;
import io.streamlocks.proof.history.Grant;
import io.streamlocks.proof.history.Kind;
import io.streamlocks.proof.history.Write;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/**
 * The history of one stream.
 *
 * @param stream the stream
 * @param calls the calls to coordinators and to the resource, in the order in which they were sent
 * @param writes the writes that the resource accepted, in its order
 * @param grants the coordinators' own history, in the order of tokens
 */
public record StreamHistory(String stream, List<Call> calls, List<Write> writes, List<Grant> grants) {

    /** Sorts calls and grants. */
    public StreamHistory {
        calls = calls.stream().sorted(Comparator.comparingLong(Call::start)).toList();
        writes = List.copyOf(writes);
        grants = grants.stream().sorted(Comparator.comparingLong(Grant::token)).toList();
    }

    /** The number of leases before the latest that a coordinator remembers. */
    static final int REMEMBERED = 8;

    /**
     * Returns the leases with their calls, in the order of the first call. A coordinator may forget an id and then
     * grant it again to a late acquire. That is another lease, and calls with the id belong to one of the two.
     */
    List<LeaseView> leases() {
        Map<String, List<Call>> byId = new LinkedHashMap<>();
        for (Call call : calls) {
            if (call.kind() != Kind.OPEN && call.kind() != Kind.PUBLISH) {
                byId.computeIfAbsent(call.lease(), id -> new ArrayList<>()).add(call);
            }
        }
        return byId.values().stream()
                .flatMap(ofId -> GrantsOfId.divide(this, ofId).stream())
                .toList();
    }

    /** Returns whether coordinators had forgotten the lease of one token when they granted a later token. */
    boolean isForgotten(long token, long later) {
        return later > token
                && grants.stream()
                                .filter(grant -> token < grant.token() && grant.token() < later)
                                .count()
                        > REMEMBERED;
    }
}
