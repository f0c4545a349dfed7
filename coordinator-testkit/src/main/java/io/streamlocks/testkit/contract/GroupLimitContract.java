package io.streamlocks.testkit.contract;

import static org.assertj.core.api.Assertions.assertThat;

import io.streamlocks.coordinator.lock.Group;
import io.streamlocks.coordinator.lock.Limits;
import io.streamlocks.coordinator.lock.MemberReport;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;

/** The contract of a group with as many members as it may have. It makes too many calls for HTTP. */
public interface GroupLimitContract extends GroupContract {

    @Test
    @Tag("slow")
    default void aFullGroupTakesNoNewMemberAndRefusesNoOldOne() {
        IntStream.range(0, Limits.MAX_GROUP_MEMBERS)
                .forEach(i -> assertThat(report("owner-" + i)).isPresent());
        assertThat(report("one-more")).isEmpty();
        assertThat(report("owner-7").orElseThrow().members()).hasSize(Limits.MAX_GROUP_MEMBERS);
        assertThat(locks().groups().find(stream()).orElseThrow().shares())
                .doesNotContainKey("one-more")
                .containsEntry("owner-7", 1);

        locks().groups().leave(stream(), "owner-0");
        assertThat(report("one-more")).isPresent();
        assertThat(report("owner-0")).isEmpty();
    }

    private Optional<Group> report(String ownerId) {
        return locks().groups()
                .report(new MemberReport(stream(), ownerId, 0, Limits.MAX_GROUP_MEMBERS, OptionalInt.empty(), TTL));
    }
}
