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
    private final Iterator<String> ofOthers;
    private int maybeFreeLeft;

    /**
     * @param withinShare whether the member was below its share when the pass began
     * @param maybeFree the streams that no other member holds, as far as is known
     * @param ofOthers those that another member holds
     */
    Tries(boolean withinShare, List<String> maybeFree, List<String> ofOthers) {
        this.withinShare = withinShare;
        this.maybeFree = maybeFree.iterator();
        this.maybeFreeLeft = maybeFree.size();
        this.ofOthers = ofOthers.iterator();
    }

    boolean isWithinShare() {
        return withinShare;
    }

    /** Returns how many streams are left that no other member holds, as far as is known. */
    int maybeFreeLeft() {
        return maybeFreeLeft;
    }

    /**
     * Takes the next streams: first those that may be free.
     *
     * @param mostMaybeFree how many of those at most
     * @param mostOfOthers how many of the others at most
     * @param most how many in all
     */
    List<String> next(int mostMaybeFree, long mostOfOthers, int most) {
        List<String> next = new ArrayList<>();
        for (int i = 0; i < mostMaybeFree && next.size() < most && maybeFree.hasNext(); i++) {
            next.add(maybeFree.next());
            maybeFreeLeft--;
        }
        for (long i = 0; i < mostOfOthers && next.size() < most && ofOthers.hasNext(); i++) {
            next.add(ofOthers.next());
        }
        return next;
    }
}
