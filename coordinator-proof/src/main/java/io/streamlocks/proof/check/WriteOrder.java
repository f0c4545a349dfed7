package io.streamlocks.proof.check;

import io.streamlocks.proof.history.Write;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;

/**
 * The writes of one stream that its resource should not have accepted, whether it has a fence or not.
 *
 * @param stale the writes with a lower token than an earlier write
 * @param again the writes of a number that was written before
 */
public record WriteOrder(List<Conflict> stale, List<Conflict> again) {

    /**
     * Finds the conflicts in the writes of one stream.
     *
     * @param writes the writes in the order in which the resource accepted them
     */
    public static WriteOrder of(List<Write> writes) {
        List<Conflict> stale = new ArrayList<>();
        List<Conflict> again = new ArrayList<>();
        Map<Long, Write> written = new HashMap<>();
        Write highest = null;
        for (Write write : writes) {
            if (highest != null && write.token() < highest.token()) {
                stale.add(new Conflict(highest, write));
            }
            highest = highest == null || write.token() > highest.token() ? write : highest;
            Write same = write.isOpening() ? null : written.put(write.number(), write);
            if (same != null) {
                again.add(new Conflict(same, write));
            }
        }
        return new WriteOrder(stale, again);
    }
}
