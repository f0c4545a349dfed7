package io.streamlocks.proof.check;

import java.util.Set;

/**
 * The rules that hold even if the database lost its latest commits, because a standby that lacked them was promoted. A
 * lost grant is missing in the service's history, and its stream may have been granted again before the lease was over.
 * A lost release or renewal makes a lease last for longer, or shorter, than a response showed. Tokens and the resource
 * do not depend on any of that.
 */
final class LostCommits {

    private static final Set<String> HOLD = Set.of(
            AnswerRules.EXPECTED,
            TokenRules.ONE_LEASE,
            TokenRules.RISE,
            TokenRules.RISE_IN_ORDER,
            ServiceRules.NO_OVERLAP,
            ResourceRules.TOKEN_FELL,
            ResourceRules.WRITTEN_TWICE,
            ResourceRules.ACKNOWLEDGED,
            ResourceRules.REFUSED,
            QueueRules.ORDER,
            QueueRules.PROGRESS);

    private LostCommits() {}

    /** Returns whether lost commits can be the reason for a violation. */
    static boolean mayExplain(Violation violation) {
        return !HOLD.contains(violation.rule());
    }
}
