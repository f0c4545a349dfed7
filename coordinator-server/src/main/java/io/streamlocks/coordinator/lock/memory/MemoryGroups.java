package io.streamlocks.coordinator.lock.memory;

import io.streamlocks.coordinator.lock.Group;
import io.streamlocks.coordinator.lock.GroupSummary;
import io.streamlocks.coordinator.lock.Groups;
import io.streamlocks.coordinator.lock.Limits;
import io.streamlocks.coordinator.lock.Member;
import io.streamlocks.coordinator.lock.MemberReport;
import java.time.Duration;
import java.time.Instant;
import java.time.InstantSource;
import java.util.List;
import java.util.Optional;
import java.util.TreeMap;

/** Groups in the memory of this process. This class is thread-safe: its own monitor guards all groups. */
final class MemoryGroups implements Groups {

    private final InstantSource clock;
    private final TreeMap<String, TreeMap<String, Reported>> groups = new TreeMap<>(MemoryLockManager.BYTE_ORDER);

    /** A report, and when it expires. */
    private record Reported(MemberReport report, Instant expiresAt) {

        boolean isLive(Instant now) {
            return expiresAt.isAfter(now);
        }

        Member member(Instant now) {
            return new Member(
                    report.ownerId(),
                    report.held(),
                    report.wanted(),
                    report.capacity(),
                    Duration.between(now, expiresAt));
        }
    }

    /** @param clock decides when members expire; must never go back */
    MemoryGroups(InstantSource clock) {
        this.clock = clock;
    }

    @Override
    public synchronized Optional<Group> report(MemberReport report) {
        Instant now = clock.instant();
        TreeMap<String, Reported> members =
                groups.computeIfAbsent(report.groupId(), id -> new TreeMap<>(MemoryLockManager.BYTE_ORDER));
        members.values().removeIf(member -> !member.isLive(now));
        if (members.size() >= Limits.MAX_GROUP_MEMBERS && !members.containsKey(report.ownerId())) {
            return Optional.empty();
        }
        members.put(report.ownerId(), new Reported(report, now.plus(report.ttl())));
        return Optional.of(group(report.groupId(), now));
    }

    @Override
    public synchronized boolean leave(String groupId, String ownerId) {
        TreeMap<String, Reported> members = groups.getOrDefault(groupId, new TreeMap<>());
        Reported left = members.remove(ownerId);
        if (members.isEmpty()) {
            groups.remove(groupId);
        }
        return left != null && left.isLive(clock.instant());
    }

    @Override
    public synchronized Optional<Group> find(String groupId) {
        return Optional.of(group(groupId, clock.instant()))
                .filter(group -> !group.members().isEmpty());
    }

    @Override
    public synchronized List<GroupSummary> list(String prefix) {
        Instant now = clock.instant();
        return groups.tailMap(prefix, true).keySet().stream()
                .takeWhile(groupId -> groupId.startsWith(prefix))
                .map(groupId -> group(groupId, now))
                .filter(group -> !group.members().isEmpty())
                .limit(Limits.MAX_LISTED_GROUPS)
                .map(Group::summary)
                .toList();
    }

    private Group group(String groupId, Instant now) {
        TreeMap<String, Reported> members = groups.getOrDefault(groupId, new TreeMap<>());
        return Group.of(
                groupId,
                members.values().stream()
                        .filter(member -> member.isLive(now))
                        .map(member -> member.member(now))
                        .toList());
    }

    /** Forgets members that have expired. */
    synchronized void purge() {
        Instant now = clock.instant();
        groups.values().forEach(members -> members.values().removeIf(member -> !member.isLive(now)));
        groups.values().removeIf(TreeMap::isEmpty);
    }
}
