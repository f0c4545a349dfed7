package io.streamlocks.proof.check;

import static org.assertj.core.api.Assertions.assertThat;

import io.streamlocks.proof.history.Answer;
import io.streamlocks.proof.history.Kind;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;

class CheckerTest {

    @Test
    void aHistoryWithoutFailuresHasNoViolation() {
        assertThat(well().check()).isEmpty();
    }

    @Test
    void aHistoryWithLostResponsesHasNoViolation() {
        Events events = new Events()
                // This lease is granted unseen, shown by the retry, and released unseen.
                .unknown("w1", Kind.ACQUIRE, "a", 1)
                .acquired("w1", "a", 1.5, 1.6, 7, 1.05)
                .unknown("w1", Kind.RELEASE, "a", 2)
                .history("w1", 7, 1.05, 2.1, "released", "w1")
                // This lease is granted unseen, and never shown.
                .unknown("w2", Kind.ACQUIRE, "b", 3)
                .held("w1", "c", 4, 4.1, "w2", 8)
                .history("w2", 8, 3.5, 6.5, "superseded", "w1")
                // This renewal is carried out unseen.
                .acquired("w1", "d", 7, 7.2, 9)
                .unknown("w1", Kind.RENEW, "d", 8)
                .lost("w1", "d", 12, 12.1, "expired")
                .history("w1", 9, 7.1, 11.2, "expired", null);

        assertThat(events.check()).isEmpty();
    }

    @Test
    void aLeaseWithTwoTokensIsFound() {
        Events events = new Events()
                .acquired("w1", "a", 1, 1.2, 7)
                .acquired("w1", "a", 1.4, 1.6, 8)
                .history("w1", 7, 1.1, 1.4, "expired", null)
                .live("w1", 8, 1.5);

        assertThat(rules(events)).contains(TokenRules.ONE_TOKEN);
    }

    @Test
    void aTokenThatBelongsToTwoLeasesIsFound() {
        Events events = well().acquired("w3", "z", 20, 20.2, 9).live("w3", 9, 20.1);

        assertThat(rules(events)).contains(TokenRules.ONE_LEASE);
    }

    @Test
    void tokensThatFallInTheOrderOfGrantsAreFound() {
        Events events = new Events().acquired("w1", "a", 1, 1.2, 8).acquired("w2", "b", 9, 9.2, 7);

        assertThat(rules(events)).contains(TokenRules.RISE, TokenRules.RISE_IN_ORDER);
    }

    @Test
    void aTokenLowerThanOneThatWasSeenBeforeTheRequestIsFoundWhateverTheDatabasesClockShows() {
        Events events = new Events().acquired("w1", "a", 1, 1.2, 8, 50).acquired("w2", "b", 9, 9.2, 7, 40);

        assertThat(rules(events)).contains(TokenRules.RISE_IN_ORDER).doesNotContain(TokenRules.RISE);
    }

    @Test
    void leasesThatOverlapAreFound() {
        Events events = new Events()
                .acquired("w1", "a", 1, 1.2, 7)
                .acquired("w2", "b", 3, 3.2, 8)
                .history("w1", 7, 1.1, 3.1, "superseded", "w2")
                .live("w2", 8, 3.1);

        assertThat(rules(events)).contains(LeaseRules.NO_OVERLAP, ServiceRules.ENDS);
    }

    @Test
    void aLeaseThatWasRenewedAfterAnotherWasGrantedOverlapsEvenIfItWasReleased() {
        Events events = new Events()
                .acquired("w1", "a", 1, 1.2, 7)
                .renewed("w1", "a", 3, 3.8, 7, 1.1)
                .released("w1", "a", 3.9, 4)
                .acquired("w2", "b", 3, 3.2, 8);

        assertThat(rules(events)).contains(LeaseRules.NO_OVERLAP);
    }

    @Test
    void leasesThatOverlapAreFoundEvenIfTheFirstWasReleasedAfterwards() {
        assertThat(rules(grantedWithinATtl(3.5))).containsExactly(LeaseRules.NO_OVERLAP);
    }

    @Test
    void aLeaseWhoseReleaseCanHaveComeBeforeTheOtherGrantIsNoOverlap() {
        assertThat(rules(grantedWithinATtl(2.9))).isEmpty();
    }

    /** Returns a history with a lease whose release is sent then, and another lease that is granted from 3 to 3.2. */
    private static Events grantedWithinATtl(double releaseSent) {
        return new Events()
                .acquired("w1", "a", 1, 1.2, 7)
                .history("w1", 7, 1.1, 3, "released", "w1")
                .acquired("w2", "b", 3, 3.2, 8)
                .live("w2", 8, 3.1)
                .unknown("w1", Kind.RELEASE, "a", releaseSent);
    }

    @Test
    void aRenewalOfAnOldLeaseIsFound() {
        Events events = new Events()
                .acquired("w1", "a", 1, 1.2, 7)
                .unknown("w1", Kind.RELEASE, "a", 2)
                .acquired("w2", "b", 3, 3.2, 8)
                .renewed("w1", "a", 3.3, 3.5, 7, 1.1);

        assertThat(rules(events)).contains(LeaseRules.OLD_LEASE);
    }

    @Test
    void aReleaseOfAnOldLeaseIsFound() {
        Events events = new Events()
                .acquired("w1", "a", 1, 1.2, 7)
                .acquired("w2", "b", 5, 5.2, 8)
                .released("w1", "a", 5.3, 5.5);

        assertThat(rules(events)).contains(LeaseRules.OLD_LEASE);
    }

    @Test
    void aRenewalThatWasSentBeforeTheOtherGrantWasSeenIsNoViolation() {
        Events events = new Events().acquired("w1", "a", 1, 1.2, 7).renewed("w1", "a", 1.5, 9, 7, 1.1);

        assertThat(rules(events)).doesNotContain(LeaseRules.OLD_LEASE, LeaseRules.NO_OVERLAP);
    }

    @Test
    void aLeaseThatComesBackIsFound() {
        Events events = new Events()
                .acquired("w1", "a", 1, 1.2, 7)
                .lost("w1", "a", 5, 5.1, "expired")
                .renewed("w1", "a", 6, 6.2, 7, 1.1);

        assertThat(rules(events)).contains(LeaseRules.NO_REVIVAL);
    }

    /** Returns a history with a lease whose end is reported from 4.5 to 4.6. */
    private static List<Events> saidToBeOver() {
        List<Events> all = new ArrayList<>();
        for (int way = 0; way < 4; way++) {
            Events events = new Events()
                    .acquired("w1", "a", 1, 1.2, 7)
                    .unknown("w1", Kind.RENEW, "a", 2)
                    .live("w1", 7, 1.1);
            all.add(
                    switch (way) {
                        case 0 -> events.lost("w1", "a", 4.5, 4.6, "expired");
                        case 1 -> events.used("w1", "a", 4.5, 4.6);
                        case 2 -> events.lookedInVain("w1", "a", 4.5, 4.6, "not-locked");
                        default -> events.readAsEnded("w1", "a", 4.5, 4.6, 4.1, "expired");
                    });
        }
        return all;
    }

    @Test
    void aCorrectReportOfAnEndIsNoViolation() {
        for (Events events : saidToBeOver()) {
            assertThat(rules(events.lost("w1", "a", 4.7, 4.8, "expired"))).isEmpty();
        }
    }

    @Test
    void aCallThatSucceedsAfterTheEndWasReportedIsFoundForEveryKindOfReport() {
        for (Events events : saidToBeOver()) {
            assertThat(rules(events.acquired("w1", "a", 4.7, 4.8, 7, 1.1))).contains(LeaseRules.NO_REVIVAL);
        }
    }

    @Test
    void aReadThatShowsALeaseAfterItsEndWasReportedIsFoundForEveryKindOfReport() {
        for (Events events : saidToBeOver()) {
            assertThat(rules(events.looked("w1", "a", 4.7, 4.8, 7, 5.1))).containsExactly(LeaseRules.NO_REVIVAL);
        }
    }

    @Test
    void aRefusalThatShowsALeaseAfterItsEndWasReportedIsFoundForEveryKindOfReport() {
        for (Events events : saidToBeOver()) {
            assertThat(rules(events.held("w2", "b", 4.7, 4.8, "w1", 7))).containsExactly(LeaseRules.NO_REVIVAL);
        }
    }

    @Test
    void anotherLeaseThatIsShownAfterAReportedEndIsNoViolation() {
        for (Events events : saidToBeOver()) {
            events.unknown("w3", Kind.ACQUIRE, "c", 4).held("w2", "b", 4.7, 4.8, "w3", 8);

            assertThat(rules(events)).doesNotContain(LeaseRules.NO_REVIVAL);
        }
    }

    @Test
    void aReleaseThatSucceedsAfterTheLeaseWasReportedAsExpiredIsFound() {
        Events events = new Events()
                .acquired("w1", "a", 1, 1.2, 7)
                .lost("w1", "a", 5, 5.1, "expired")
                .released("w1", "a", 6, 6.2)
                .history("w1", 7, 1.1, 4.1, "released", "w1");

        assertThat(rules(events)).containsExactly(LeaseRules.NO_REVIVAL);
    }

    @Test
    void aRepeatedReleaseAfterTheStreamWasReadAsFreeIsNoViolation() {
        Events events = new Events()
                .acquired("w1", "a", 1, 1.2, 7)
                .unknown("w1", Kind.RELEASE, "a", 2)
                .lookedInVain("w1", "a", 2.5, 2.6, "not-locked")
                .used("w1", "a", 2.7, 2.8)
                .released("w1", "a", 3, 3.2)
                .history("w1", 7, 1.1, 2.1, "released", "w1");

        assertThat(rules(events)).isEmpty();
    }

    @Test
    void aReadBeforeTheGrantWasKnownIsNotAboutIt() {
        Events events = new Events()
                .lookedInVain("w1", "a", 1, 1.1, "not-locked")
                .acquired("w1", "a", 1.05, 1.3, 7)
                .looked("w1", "a", 1.4, 1.5, 7, 4.175)
                .live("w1", 7, 1.175);

        assertThat(rules(events)).doesNotContain(LeaseRules.NO_REVIVAL);
    }

    @Test
    void anEndThatIsReportedDuringARenewalThatSucceedsIsFound() {
        for (Events events : saidToBeOver()) {
            // It was sent before the end and carried out at 3.9. Its response came after the end was reported.
            assertThat(rules(events.renewed("w1", "a", 2.9, 4.9, 7, 1.1))).contains(LeaseRules.FALSE_LOSS);
        }
    }

    @Test
    void aRenewalWithALateResponseIsNoViolationIfItsLeaseCanHaveRunOutInBetween() {
        for (Events events : saidToBeOver()) {
            assertThat(rules(events.renewed("w1", "a", 1.05, 5.5, 7, 1.1, 1.1))).isEmpty();
        }
    }

    @Test
    void anEndInHistoryThatALaterEndOfTheLeaseContradictsIsFoundInEitherOrder() {
        Events events = new Events()
                .acquired("w1", "a", 1, 1.2, 7)
                .renewed("w1", "a", 2, 2.2, 7, 1.1)
                .readAsEnded("w1", "a", 9, 9.1, 4.1, "expired")
                .live("w1", 7, 1.1);

        assertThat(rules(events)).containsExactly(ServiceRules.ENDS);
    }

    @Test
    void aLeaseIdThatIsReportedAsUsedWhileItsLeaseLastsIsFound() {
        Events used = new Events()
                .acquired("w1", "a", 1, 1.2, 7)
                .used("w1", "a", 2, 2.1)
                .live("w1", 7, 1.1);
        Events free = new Events()
                .acquired("w1", "a", 1, 1.2, 7)
                .lookedInVain("w1", "a", 2, 2.1, "not-locked")
                .live("w1", 7, 1.1);
        Events other = new Events()
                .acquired("w1", "a", 1, 1.2, 7)
                .lookedInVain("w1", "a", 2, 2.1, "superseded")
                .acquired("w2", "b", 5, 5.2, 8)
                .history("w1", 7, 1.1, 4.1, "expired", null)
                .live("w2", 8, 5.1);

        for (Events events : List.of(used, free, other)) {
            assertThat(rules(events)).containsExactly(LeaseRules.FALSE_LOSS);
        }
    }

    @Test
    void aForgottenLeaseIdMayBeGrantedAgain() {
        Events events = new Events().acquired("w1", "a", 1, 1.2, 7).history("w1", 7, 1.1, 4.1, "expired", null);
        grantedToOthers(events, 9);
        // This call was sent before the one whose response came first.
        events.acquired("w1", "a", 0.9, 20.2, 99, 20.1).live("w1", 99, 20.1);

        assertThat(rules(events)).isEmpty();
    }

    @Test
    void aLeaseIdThatIsGrantedAgainWhileItIsRememberedIsFound() {
        Events events = new Events().acquired("w1", "a", 1, 1.2, 7).history("w1", 7, 1.1, 4.1, "expired", null);
        grantedToOthers(events, 8);
        events.acquired("w1", "a", 20, 20.2, 99).live("w1", 99, 20.1);

        assertThat(rules(events)).contains(TokenRules.ONE_TOKEN);
    }

    /** A worker was paused after its grant, and repeated its acquire after the lease had ended and was forgotten. */
    @Test
    void aReleaseAfterTheSecondGrantOfAForgottenLeaseIdIsOfThatGrant() {
        Events events = grantedAgain()
                .released("w1", "a", 20.3, 20.4)
                .history("w1", 99, 20.1, 20.35, "released", "w1")
                .acquired("w3", "c", 20.5, 20.6, 100)
                .live("w3", 100, 20.55);

        assertThat(rules(events)).isEmpty();
    }

    @Test
    void aReleaseUnderWayAtTheSecondGrantOfAForgottenLeaseIdIsOfTheGrantThatWasReleased() {
        Events events = grantedAgain()
                .released("w1", "a", 20.05, 20.4)
                .history("w1", 99, 20.1, 20.35, "released", "w1")
                .acquired("w3", "c", 20.5, 20.6, 100)
                .live("w3", 100, 20.55);

        assertThat(rules(events)).isEmpty();
    }

    @Test
    void theFirstGrantOfAForgottenLeaseIdEndsBeforeTheSecondBegins() {
        Events events = new Events()
                .acquired("w1", "a", 1, 1.2, 7)
                .unknown("w1", Kind.RELEASE, "a", 1.9)
                .released("w1", "a", 2, 2.2)
                .lost("w1", "a", 4, 4.1, "released")
                .history("w1", 7, 1.1, 2.1, "released", "w1");
        grantedToOthers(events, 9);
        events.acquired("w1", "a", 20, 20.2, 99)
                .renewed("w1", "a", 21, 21.2, 99, 20.1)
                .lost("w1", "a", 25, 25.2, "expired")
                .history("w1", 99, 20.1, 24.1, "expired", null);

        assertThat(rules(events)).isEmpty();
    }

    @Test
    void anotherLeaseThatOverlapsTheSecondGrantOfAForgottenLeaseIdIsFound() {
        Events events = grantedAgain()
                .released("w1", "a", 21.3, 21.4)
                .history("w1", 99, 20.1, 21.35, "released", "w1")
                .acquired("w3", "c", 20.5, 20.6, 100)
                .live("w3", 100, 20.55);

        assertThat(rules(events))
                .containsExactlyInAnyOrder(LeaseRules.NO_OVERLAP, LeaseRules.OLD_LEASE, ServiceRules.NO_OVERLAP);
    }

    @Test
    void aReleaseOfTheSecondGrantOfAForgottenLeaseIdThatIsMissingInTheServicesHistoryIsFound() {
        Events events = grantedAgain().released("w1", "a", 20.3, 20.4).history("w1", 99, 20.1, 23.1, "expired", null);

        assertThat(rules(events)).containsExactly(ServiceRules.ENDS);
    }

    @Test
    void aFalseLossOfTheSecondGrantOfAForgottenLeaseIdIsFound() {
        Events events = grantedAgain().lost("w1", "a", 21, 21.1, "expired").live("w1", 99, 20.1);

        assertThat(rules(events)).containsExactly(LeaseRules.FALSE_LOSS);
    }

    /** Returns a history with a lease that expired, nine other leases, and a grant of the first id from 20 to 20.2. */
    private static Events grantedAgain() {
        Events events = new Events().acquired("w1", "a", 1, 5, 7, 1.1).history("w1", 7, 1.1, 4.1, "superseded", "w2");
        grantedToOthers(events, 9);
        return events.acquired("w1", "a", 20, 20.2, 99);
    }

    /** Adds leases that are granted one after the other from 5 on, and released. */
    private static void grantedToOthers(Events events, int count) {
        for (int i = 0; i < count; i++) {
            double from = 5 + i;
            events.acquired("w2", "b" + i, from, from + 0.2, 8 + i)
                    .released("w2", "b" + i, from + 0.3, from + 0.4)
                    .history("w2", 8 + i, from + 0.1, from + 0.35, "released", "w2");
        }
    }

    @Test
    void aRenewalThatRevivesALeaseIsFoundEvenIfNoOtherWorkerAcquiresTheStream() {
        Events events = new Events()
                .acquired("w1", "a", 1, 1.2, 7)
                .renewed("w1", "a", 3, 3.2, 7, 1.1)
                .renewed("w1", "a", 7, 7.2, 7, 1.1)
                .live("w1", 7, 1.1);

        assertThat(rules(events)).containsExactly(LeaseRules.NO_REVIVAL_AFTER_END);
    }

    @Test
    void aRenewalAfterOneWithoutAResponseIsNoRevival() {
        Events events = new Events()
                .acquired("w1", "a", 1, 1.2, 7)
                .unknown("w1", Kind.RENEW, "a", 3)
                .renewed("w1", "a", 5, 5.2, 7, 1.1)
                .live("w1", 7, 1.1);

        assertThat(rules(events)).isEmpty();
    }

    @Test
    void aReleasedLeaseThatIsShownAgainIsFound() {
        Events events = new Events()
                .acquired("w1", "a", 1, 1.2, 7)
                .released("w1", "a", 1.3, 1.4)
                .acquired("w1", "a", 1.5, 1.6, 7, 1.1);

        assertThat(rules(events)).contains(LeaseRules.NO_REVIVAL_AFTER_RELEASE);
    }

    @Test
    void aLossWithoutAReasonIsFound() {
        for (String reason : List.of("expired", "released", "superseded", "unknown", "broken")) {
            Events events = new Events()
                    .acquired("w1", "a", 1, 1.2, 7)
                    .lost("w1", "a", 2, 2.1, reason)
                    .history("w1", 7, 1.1, 4.1, "expired", null);

            assertThat(rules(events)).as(reason).containsExactly(LeaseRules.FALSE_LOSS);
        }
    }

    @Test
    void aResponseThatNoCoordinatorMustSendIsFound() {
        assertThat(rules(new Events().unexpected("w1", Kind.ACQUIRE, "a", 1, 1.2)))
                .containsExactly(AnswerRules.EXPECTED);
    }

    @Test
    void aNewLeaseIdThatIsReportedAsUsedIsFound() {
        Events events = new Events().used("w1", "a", 1, 1.2);
        Events retried = new Events().unknown("w1", Kind.ACQUIRE, "a", 0.5).used("w1", "a", 1, 1.2);

        assertThat(rules(events)).containsExactly(LeaseRules.FALSE_USED);
        assertThat(rules(retried)).isEmpty();
    }

    @Test
    void aGrantThatIsMissingInTheServicesHistoryIsFound() {
        Events events = new Events().acquired("w1", "a", 1, 1.2, 7);

        assertThat(rules(events)).containsExactly(ServiceRules.HAS_ALL);
    }

    @Test
    void aGrantWithAnotherOwnerInTheServicesHistoryIsFound() {
        Events events = new Events()
                .acquired("w1", "a", 1, 1.2, 7)
                .unknown("w2", Kind.ACQUIRE, "b", 1)
                .live("w2", 7, 1.1);

        assertThat(rules(events)).containsExactly(ServiceRules.HAS_ALL);
    }

    @Test
    void aHolderThatIsMissingInTheServicesHistoryIsFound() {
        Events events = new Events().held("w1", "a", 1, 1.2, "w2", 7);

        assertThat(rules(events)).containsExactly(ServiceRules.HOLDER);
    }

    @Test
    void aReleaseThatIsMissingInTheServicesHistoryIsFound() {
        Events events = new Events()
                .acquired("w1", "a", 1, 1.2, 7)
                .released("w1", "a", 2, 2.1)
                .history("w1", 7, 1.1, 4.1, "expired", null);

        assertThat(rules(events)).containsExactly(ServiceRules.ENDS);
    }

    @Test
    void aReleaseThatNoWorkerSentIsFound() {
        Events events = new Events().acquired("w1", "a", 1, 1.2, 7).history("w1", 7, 1.1, 2, "released", "w1");

        assertThat(rules(events)).containsExactly(ServiceRules.ENDS);
    }

    @Test
    void aRenewalThatIsMissingInTheServicesHistoryIsFound() {
        Events events = new Events()
                .acquired("w1", "a", 1, 1.2, 7)
                .renewed("w1", "a", 3, 3.2, 7, 1.1)
                .history("w1", 7, 1.1, 4.1, "expired", null);

        assertThat(rules(events)).containsExactly(ServiceRules.ENDS);
    }

    @Test
    void aGrantThatNoWorkerAskedForIsFound() {
        Events events = new Events().history("w1", 20, 30, 33, "expired", null);

        assertThat(rules(events)).containsExactly(ServiceRules.NO_MORE);
    }

    @Test
    void aServiceHistoryWithOverlappingLeasesIsFound() {
        Events events = new Events()
                .unknown("w1", Kind.ACQUIRE, "a", 1)
                .unknown("w2", Kind.ACQUIRE, "b", 1)
                .history("w1", 7, 1.1, 4.1, "superseded", "w2")
                .live("w2", 8, 3.9);

        assertThat(rules(events)).containsExactly(ServiceRules.NO_OVERLAP);
    }

    @Test
    void aStaleWriteThatTheResourceAcceptedIsFound() {
        Events events = well().write("w1", 3, 7);

        assertThat(rules(events)).containsExactly(ResourceRules.TOKEN_FELL);
    }

    @Test
    void aWriteThatReplacesAnotherIsFound() {
        Events events = well().write("w1", 2, 9);

        assertThat(rules(events)).containsExactly(ResourceRules.WRITTEN_TWICE);
    }

    @Test
    void anAcknowledgedWriteThatTheResourceDoesNotHoldIsFound() {
        Events events = well().published("w1", 3, 9, 8.6, 8.7, Answer.ACCEPTED);

        assertThat(rules(events)).containsExactly(ResourceRules.ACKNOWLEDGED);
    }

    @Test
    void aRefusedWriteThatTheResourceHoldsIsFound() {
        Events events = well().published("w1", 3, 9, 8.6, 8.7, Answer.REFUSED).write("w1", 3, 9);

        assertThat(rules(events)).containsExactly(ResourceRules.REFUSED);
    }

    @Test
    void aWriteWithATokenThatWasNeverGrantedIsFound() {
        Events events = well().write("w1", 3, 99);

        assertThat(rules(events)).containsExactly(ResourceRules.GRANTED);
    }

    @Test
    void theExcerptContainsOnlyTheEventsThatContradictEachOther() {
        Events events = well().acquired("w3", "zz", 20, 20.2, 6).live("w3", 6, 20.1);

        Violation violation = events.check().stream()
                .filter(one -> one.rule().equals(TokenRules.RISE))
                .findFirst()
                .orElseThrow();

        assertThat(violation.toString())
                .isEqualTo("stream s-1: " + TokenRules.RISE
                        + "\n    8.000000..8.200000 s  w1 acquire lease c at coordinator 1: granted, token 9,"
                        + " granted 00:00:08.100Z, ends 00:00:11.100Z [c-6]"
                        + "\n    20.000000..20.200000 s  w3 acquire lease zz at coordinator 1: granted, token 6,"
                        + " granted 00:00:20.100Z, ends 00:00:23.100Z [c-8]");
    }

    /** Returns a history with two workers, a release, an expiry, and writes. */
    private static Events well() {
        return new Events()
                .acquired("w1", "a", 1, 1.2, 7)
                .held("w2", "x", 1.3, 1.4, "w1", 7)
                .renewed("w1", "a", 2, 2.2, 7, 1.1)
                .released("w1", "a", 3, 3.2)
                .history("w1", 7, 1.1, 3.1, "released", "w1")
                .acquired("w2", "b", 4, 4.2, 8)
                .lost("w2", "b", 8.5, 8.6, "superseded")
                .history("w2", 8, 4.1, 7.1, "superseded", "w1")
                .acquired("w1", "c", 8, 8.2, 9)
                .live("w1", 9, 8.1)
                .write("w1", 0, 7)
                .write("w1", 1, 7)
                .published("w1", 1, 7, 1.5, 1.6, Answer.ACCEPTED)
                .write("w2", 0, 8)
                .write("w1", 0, 9)
                .write("w1", 2, 9);
    }

    private static List<String> rules(Events events) {
        return events.check().stream().map(Violation::rule).distinct().toList();
    }
}
