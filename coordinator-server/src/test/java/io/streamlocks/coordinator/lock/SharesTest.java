package io.streamlocks.coordinator.lock;

import static org.assertj.core.api.Assertions.assertThat;

import java.time.Duration;
import java.util.ArrayList;
import java.util.Collections;
import java.util.Comparator;
import java.util.List;
import java.util.Map;
import java.util.OptionalInt;
import java.util.Random;
import java.util.TreeMap;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;

class SharesTest {

    private static final int GROUPS = 2_000;

    private static Member member(String ownerId, int held, int wanted, OptionalInt capacity) {
        return new Member(ownerId, held, wanted, capacity, Duration.ofSeconds(6));
    }

    private static Member member(String ownerId, int held, int wanted) {
        return member(ownerId, held, wanted, OptionalInt.empty());
    }

    private static List<Member> randomMembers(Random random) {
        int most = 1 + random.nextInt(60);
        return IntStream.rangeClosed(0, random.nextInt(8))
                .mapToObj(i -> {
                    int held = random.nextInt(most);
                    OptionalInt capacity =
                            random.nextInt(3) == 0 ? OptionalInt.of(random.nextInt(most)) : OptionalInt.empty();
                    return member("w" + i, held, held + random.nextInt(most), capacity);
                })
                .toList();
    }

    private static List<Group> randomGroups() {
        Random random = new Random(1);
        return IntStream.range(0, GROUPS)
                .mapToObj(i -> Group.of("g", randomMembers(random)))
                .toList();
    }

    @Test
    void everyStreamIsInOneShareUnlessNobodyHasRoom() {
        for (Group group : randomGroups()) {
            List<Member> members = group.members();
            int sum = members.stream().mapToInt(group::shareOf).sum();
            assertThat(sum + group.withoutRoom()).isEqualTo(group.wanted());
            boolean isFull = members.stream()
                    .allMatch(member -> member.capacity().isPresent()
                            && group.shareOf(member) == member.capacity().getAsInt());
            assertThat(group.withoutRoom() == 0 || isFull).as("%s", members).isTrue();
        }
    }

    @Test
    void sharesAreEvenAndOnlyACapacityMakesOneSmaller() {
        for (Group group : randomGroups()) {
            List<Member> members = group.members();
            int most = members.stream().mapToInt(group::shareOf).max().orElseThrow();
            members.forEach(member -> {
                int share = group.shareOf(member);
                boolean isFilled = member.capacity().isPresent()
                        && share == member.capacity().getAsInt();
                assertThat(share >= most - 1 || isFilled)
                        .as("%s in %s", member, members)
                        .isTrue();
                member.capacity().ifPresent(capacity -> assertThat(share).isLessThanOrEqualTo(capacity));
            });
        }
    }

    @Test
    void noOtherEvenDivisionMovesFewerStreams() {
        for (Group group : randomGroups()) {
            List<Member> members = group.members();
            // Another member could have the stream that one has more than the least of those that are not filled.
            for (Member one : members) {
                for (Member other : members) {
                    boolean hasRoom =
                            other.capacity().isEmpty() || other.capacity().getAsInt() > group.shareOf(other);
                    if (hasRoom && group.shareOf(one) == group.shareOf(other) + 1) {
                        int now = missing(one, group.shareOf(one)) + missing(other, group.shareOf(other));
                        int swapped = missing(one, group.shareOf(other)) + missing(other, group.shareOf(one));
                        assertThat(now)
                                .as("%s and %s in %s", one, other, members)
                                .isLessThanOrEqualTo(swapped);
                    }
                }
            }
        }
    }

    private static int missing(Member member, int share) {
        return Math.max(0, share - member.held());
    }

    @Test
    void theOrderOfTheMembersDoesNotMatter() {
        for (Group group : randomGroups()) {
            List<Member> shuffled = new ArrayList<>(group.members());
            Collections.shuffle(shuffled, new Random(1));
            assertThat(Shares.of(shuffled)).isEqualTo(group.shares());
        }
    }

    /** The members report one after another what they have handed over and acquired. */
    @Test
    void sharesStayTheSameWhileStreamsMove() {
        Random random = new Random(1);
        for (int i = 0; i < GROUPS; i++) {
            Map<String, Integer> held = new TreeMap<>();
            int count = 1 + random.nextInt(12);
            IntStream.range(0, count).forEach(n -> held.put("w" + n, random.nextInt(50)));
            int wanted = held.values().stream().mapToInt(Integer::intValue).sum() + random.nextInt(50);
            Map<String, Integer> shares = shares(held, wanted);
            List<String> owners = new ArrayList<>(held.keySet());
            Collections.shuffle(owners, random);
            // A stream is handed over before it is acquired.
            owners.sort(Comparator.comparing(owner -> held.get(owner) <= shares.get(owner)));
            for (String owner : owners) {
                held.put(owner, shares.get(owner));
                assertThat(shares(held, wanted)).isEqualTo(shares);
            }
        }
    }

    private static Map<String, Integer> shares(Map<String, Integer> held, int wanted) {
        return Shares.of(held.entrySet().stream()
                .map(one -> member(one.getKey(), one.getValue(), wanted))
                .toList());
    }

    @Test
    void aRemainderStaysWhereMostIsHeld() {
        assertThat(Shares.of(List.of(member("a", 3, 7), member("b", 4, 7)))).isEqualTo(Map.of("a", 3, "b", 4));
        assertThat(Shares.of(List.of(member("a", 7, 7), member("b", 0, 7), member("c", 0, 7))))
                .isEqualTo(Map.of("a", 3, "b", 2, "c", 2));
    }

    @Test
    void whatASmallMemberCannotTakeIsSpreadOverTheOthers() {
        Group group =
                Group.of("g", List.of(member("a", 0, 60, OptionalInt.of(5)), member("b", 60, 60), member("c", 0, 60)));
        assertThat(group.shares()).isEqualTo(Map.of("a", 5, "b", 28, "c", 27));
        assertThat(group.missing()).isEqualTo(32);
        assertThat(group.withoutRoom()).isZero();
        assertThat(group.held()).isEqualTo(60);
    }

    @Test
    void streamsThatNobodyHasRoomForAreCounted() {
        Group group =
                Group.of("g", List.of(member("a", 5, 60, OptionalInt.of(5)), member("b", 0, 60, OptionalInt.of(0))));
        assertThat(group.shares()).isEqualTo(Map.of("a", 5, "b", 0));
        assertThat(group.withoutRoom()).isEqualTo(55);
    }

    @Test
    void leasesBeyondWhatAnyMemberWantsAreShared() {
        assertThat(Group.of("g", List.of(member("a", 6, 6), member("b", 6, 6))).wanted())
                .isEqualTo(12);
        assertThat(Group.of("g", List.of()).wanted()).isZero();
    }
}
