package io.streamlocks.client.session;

import java.util.ArrayList;
import java.util.Iterator;
import java.util.List;

/**
 * The streams that a member of a group may try in one pass, each once, in their order. A pass has several requests, and
 * to sort thousands of streams for each would take longer than the requests. This class is not thread-safe.
 */
final class Tries {

    private final boolean withinShare;
    private final Iterator<String> maybeFree;
    private final Iterator<String> held;
    private int unheld;

    /**
     * @param withinShare whether the member was below its share when the pass began
     * @param maybeFree the streams that no other member holds, as far as is known
     * @param held those that another member holds
     */
    Tries(boolean withinShare, List<String> maybeFree, List<String> held) {
        this.withinShare = withinShare;
        this.maybeFree = maybeFree.iterator();
        this.unheld = maybeFree.size();
        this.held = held.iterator();
    }

    boolean isWithinShare() {
        return withinShare;
    }

    /** Returns how many streams are left that no other member holds, as far as is known. */
    int unheld() {
        return unheld;
    }

    /**
     * Takes the next streams: first those that may be free.
     *
     * @param mostMaybeFree how many of those at most
     * @param mostHeld how many held ones at most
     * @param most how many in all
     */
    List<String> next(int mostMaybeFree, long mostHeld, int most) {
        List<String> next = new ArrayList<>();
        for (int i = 0; i < mostMaybeFree && next.size() < most && maybeFree.hasNext(); i++) {
            next.add(maybeFree.next());
            unheld--;
        }
        for (long i = 0; i < mostHeld && next.size() < most && held.hasNext(); i++) {
            next.add(held.next());
        }
        return next;
    }
}
