package io.streamlocks.testkit.contract;

import static io.streamlocks.testkit.contract.ContractFixture.shuffled;
import static org.assertj.core.api.Assertions.assertThat;

import io.streamlocks.coordinator.lock.Group;
import io.streamlocks.coordinator.lock.GroupSummary;
import io.streamlocks.coordinator.lock.Member;
import io.streamlocks.coordinator.lock.MemberReport;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;

/** The contract of groups. {@code SharesTest} tests the rule by which a group divides its streams. */
interface GroupContract extends ContractFixture {

    /** Lets a member expire now. */
    void expireMember(MemberReport member);

    private String group() {
        return "group-" + stream();
    }

    private static MemberReport member(String groupId, String ownerId, int held, int wanted) {
        return new MemberReport(groupId, ownerId, held, wanted, OptionalInt.empty(), TTL);
    }

    private MemberReport member(String ownerId, int held, int wanted) {
        return member(group(), ownerId, held, wanted);
    }

    private Group report(MemberReport report) {
        return locks().groups().report(report).orElseThrow();
    }

    private Optional<Group> found() {
        return locks().groups().find(group());
    }

    @Test
    default void theFirstReportMakesAGroupOfOneMember() {
        assertThat(found()).isEmpty();
        Group group = report(member("alice", 3, 60));
        assertThat(group.groupId()).isEqualTo(group());
        assertThat(group.shares()).containsEntry("alice", 60);
        assertThat(group.held()).isEqualTo(3);
        assertThat(group.wanted()).isEqualTo(60);
        assertThat(group.missing()).isEqualTo(57);
        Member found = found().orElseThrow().members().get(0);
        assertThat(found)
                .usingRecursiveComparison()
                .ignoringFields("expiresIn")
                .isEqualTo(new Member("alice", 3, 60, OptionalInt.empty(), TTL));
        assertThat(found.expiresIn()).isPositive().isLessThanOrEqualTo(TTL);
    }

    @Test
    default void aNewMemberGetsAShareAndTheOthersSeeItInTheirNextReport() {
        assertThat(report(member("alice", 60, 60)).shares()).containsEntry("alice", 60);
        assertThat(report(member("bob", 0, 60)).shares()).containsEntry("bob", 30);
        Group group = report(member("alice", 60, 60));
        assertThat(group.shares()).containsEntry("alice", 30).containsEntry("bob", 30);
        assertThat(group.missing()).isEqualTo(30);
    }

    @Test
    default void aReportReplacesTheOneBefore() {
        report(new MemberReport(group(), "alice", 60, 60, OptionalInt.of(10), TTL));
        report(new MemberReport(group(), "alice", 7, 8, OptionalInt.empty(), TTL.multipliedBy(10)));
        Member alice = found().orElseThrow().members().get(0);
        assertThat(alice.held()).isEqualTo(7);
        assertThat(alice.wanted()).isEqualTo(8);
        assertThat(alice.capacity()).isEmpty();
        assertThat(alice.expiresIn()).isGreaterThan(TTL.multipliedBy(9));
    }

    @Test
    default void membersAreInTheByteOrderOfTheirIds() {
        List<String> ids = List.of("B", "a", "a b", "b'\"\\%2F/", "é", "\uFFFD", "😀");
        shuffled(ids).forEach(ownerId -> report(member(ownerId, 1, 7)));
        assertThat(found().orElseThrow().members()).extracting(Member::ownerId).containsExactlyElementsOf(ids);
    }

    @Test
    default void streamsWithoutRoomAreCounted() {
        report(new MemberReport(group(), "alice", 0, 60, OptionalInt.of(10), TTL));
        Group group = report(new MemberReport(group(), "bob", 0, 60, OptionalInt.of(0), TTL));
        assertThat(group.shares()).containsEntry("alice", 10).containsEntry("bob", 0);
        assertThat(group.withoutRoom()).isEqualTo(50);
        assertThat(found().orElseThrow().members())
                .extracting(Member::capacity)
                .containsExactly(OptionalInt.of(10), OptionalInt.of(0));
    }

    @Test
    default void aMemberThatExpiredIsNotCountedAndCanComeBack() {
        MemberReport alice = member("alice", 60, 60);
        report(alice);
        expireMember(alice);
        assertThat(found()).isEmpty();
        assertThat(locks().groups().list(group())).isEmpty();
        assertThat(report(member("bob", 0, 50)).shares())
                .containsOnlyKeys("bob")
                .containsEntry("bob", 50);
        assertThat(report(alice).members()).extracting(Member::ownerId).containsExactly("alice", "bob");
    }

    @Test
    default void aMemberThatLeavesIsGoneAtOnce() {
        report(member("alice", 30, 60));
        report(member("bob", 30, 60));
        assertThat(locks().groups().leave(group(), "alice")).isTrue();
        assertThat(locks().groups().leave(group(), "alice")).isFalse();
        assertThat(found().orElseThrow().shares()).containsOnlyKeys("bob");
        assertThat(locks().groups().leave(group(), "bob")).isTrue();
        assertThat(found()).isEmpty();
        assertThat(locks().groups().leave(group(), "bob")).isFalse();
    }

    @Test
    default void aMemberThatExpiredCannotLeave() {
        MemberReport alice = member("alice", 1, 1);
        report(alice);
        expireMember(alice);
        assertThat(locks().groups().leave(group(), "alice")).isFalse();
    }

    @Test
    default void groupsShareNothing() {
        report(member(group() + "/1", "alice", 1, 10));
        report(member(group() + "/2", "alice", 2, 20));
        report(member(group() + "/2", "bob", 2, 20));
        locks().groups().leave(group() + "/1", "bob");
        assertThat(locks().groups().find(group() + "/1").orElseThrow().shares()).isEqualTo(Map.of("alice", 10));
        assertThat(locks().groups().find(group() + "/2").orElseThrow().members())
                .hasSize(2);
    }

    @Test
    default void groupsAreListedByPrefixTakenLiterallyInByteOrder() {
        Stream.of("%a", "_b", "\\c", "xd").forEach(end -> report(member(group() + end, "alice", 1, 2)));
        report(member(group() + "xd", "bob", 0, 4));
        List<GroupSummary> all = locks().groups().list(group());
        assertThat(all)
                .extracting(GroupSummary::groupId)
                .containsExactly(group() + "%a", group() + "\\c", group() + "_b", group() + "xd");
        assertThat(all.get(3)).isEqualTo(new GroupSummary(group() + "xd", 2, 1, 4, 3, 0));
        assertThat(locks().groups().list(group() + "%"))
                .extracting(GroupSummary::groupId)
                .containsExactly(group() + "%a");
        assertThat(locks().groups().list(group() + "_"))
                .extracting(GroupSummary::groupId)
                .containsExactly(group() + "_b");
    }

    @Test
    default void reportsAtTheSameTimeAreAllRecorded() throws Exception {
        // Two threads report the same member. Each report of another member may or may not be seen yet.
        List<Integer> seen = RaceContract.inParallel(8, thread -> () -> {
            int most = 0;
            for (int i = 1; i <= 10; i++) {
                most = report(member("owner-" + thread / 2, i, 100)).members().size();
            }
            return most;
        });
        assertThat(seen).allMatch(members -> members >= 1 && members <= 4);
        Group group = found().orElseThrow();
        assertThat(group.members()).extracting(Member::held).containsExactly(10, 10, 10, 10);
        assertThat(group.shares().values()).containsOnly(25);
    }

    @Test
    default void aReportBesideOneThatLeavesDoesNotFail() throws Exception {
        RaceContract.inParallel(4, thread -> () -> {
            for (int i = 0; i < 25; i++) {
                if (thread % 2 == 0) {
                    report(member("alice", 1, 1));
                } else {
                    locks().groups().leave(group(), "alice");
                }
            }
            return thread;
        });
        assertThat(report(member("alice", 1, 1)).members()).hasSize(1);
    }

    @Test
    default void aLongListOfMembersKeepsTheSumOfTheShares() {
        IntStream.range(0, 20).forEach(i -> report(member("owner-" + i, 0, 1001)));
        Group group = found().orElseThrow();
        assertThat(group.shares().values()).hasSize(20).containsOnly(50, 51);
        assertThat(group.shares().values().stream().mapToInt(Integer::intValue).sum())
                .isEqualTo(1001);
    }
}
