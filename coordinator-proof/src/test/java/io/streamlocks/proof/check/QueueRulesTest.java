package io.streamlocks.proof.check;

import static org.assertj.core.api.Assertions.assertThat;

import io.streamlocks.proof.history.Fault;
import io.streamlocks.proof.history.Kind;
import java.util.List;
import org.junit.jupiter.api.Test;

class QueueRulesTest {

    /** The caller w2 had its place before w3 began, and w3 was granted first. */
    private static Events overtaken() {
        return new Events()
                .waited("w2", "b", 1, 3, 1)
                .waitedAndAcquired("w3", "c", 3.5, 4, 7)
                .live("w3", 7, 4);
    }

    private static List<String> rules(Events events, Fault... faults) {
        return events.check(faults).stream().map(Violation::rule).toList();
    }

    @Test
    void aCallerThatIsGrantedBeforeOneThatHadItsPlaceFirstIsFound() {
        assertThat(rules(overtaken())).containsExactly(QueueRules.ORDER);
    }

    @Test
    void anAcquireThatDoesNotWaitAndOvertakesIsFound() {
        Events events = new Events()
                .waited("w2", "b", 1, 3, 1)
                .acquired("w3", "c", 3.5, 4, 7)
                .live("w3", 7, 3.75);

        assertThat(rules(events)).containsExactly(QueueRules.ORDER);
    }

    @Test
    void aCallerThatKeepsItsPlaceWithALaterCallIsOvertakenAsWell() {
        assertThat(rules(overtaken().waited("w2", "b", 3.1, 5, 1))).containsExactly(QueueRules.ORDER);
    }

    @Test
    void callersInTheirOrderAreNoViolation() {
        Events events = new Events()
                .waited("w2", "b", 1, 3, 1)
                .waitedAndAcquired("w2", "b", 3.1, 3.4, 7)
                .waitedAndAcquired("w3", "c", 3.2, 7, 8)
                .history("w2", 7, 3.4, 6.4, "superseded", "w3")
                .live("w3", 8, 7);

        assertThat(rules(events)).isEmpty();
    }

    @Test
    void aCallerThatHadBegunBeforeThePlaceWasSeenMayHaveBeenFirst() {
        Events events = new Events()
                .waited("w2", "b", 1, 3, 1)
                .waitedAndAcquired("w3", "c", 2.9, 4, 7)
                .live("w3", 7, 4);

        assertThat(rules(events)).isEmpty();
    }

    @Test
    void aPlaceThatMayBeDeadIsNotOvertaken() {
        Events events = new Events()
                .waited("w2", "b", 1, 3, 1)
                .waitedAndAcquired("w3", "c", 7, 8, 7)
                .live("w3", 7, 8);

        assertThat(rules(events)).isEmpty();
    }

    @Test
    void aPlaceThatItsClientHasGivenUpIsNotOvertaken() {
        assertThat(rules(overtaken().released("w2", "b", 3.2, 3.3))).isEmpty();
        // The connection of a call without a response may be closed, which gives the place up.
        assertThat(rules(overtaken().unknown("w2", Kind.ACQUIRE, "b", 3.1))).isEmpty();
    }

    @Test
    void aPlaceThatAFailOverMayHaveLostIsNotOvertaken() {
        Fault promotion = new Fault("promotion", "", Events.nanos(2), Events.nanos(2.5), null, Events.nanos(2.5));

        assertThat(rules(overtaken(), promotion)).isEmpty();
    }

    @Test
    void aCallThatWaitedMayBeGrantedUnseenAndFindItsLeaseIdUsed() {
        Events events = new Events().waitedForAUsedId("w2", "b", 1, 6).history("w2", 7, 2, 5, "expired", null);

        assertThat(rules(events)).isEmpty();
    }

    /** The caller w2 waits from 1 s to 9 s, and w1 releases the stream at 3 s. */
    private static Events freeUntil(double grantedAt) {
        return new Events()
                .acquired("w1", "a", 1.4, 1.6, 6)
                .released("w1", "a", 3, 3.1)
                .history("w1", 6, 1.5, 3.05, "released", "w1")
                .waitedAndAcquired("w2", "b", 1, grantedAt, 7)
                .live("w2", 7, grantedAt);
    }

    @Test
    void aReleasedStreamThatStaysFreeWhileACallerWaitsIsFound() {
        assertThat(rules(freeUntil(9))).containsExactly(QueueRules.PROGRESS);
    }

    @Test
    void aReleasedStreamThatIsGrantedPromptlyIsNoViolation() {
        assertThat(rules(freeUntil(5))).isEmpty();
    }

    @Test
    void aFaultMayKeepAStreamFree() {
        Fault stop = new Fault("coordinator-stop", "", Events.nanos(4), Events.nanos(7), null, 0);

        assertThat(rules(freeUntil(9), stop)).isEmpty();
    }
}
