package io.streamlocks.proof.patroni;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class PatroniSettingsTest {

    @Test
    void withoutArgumentsEachKindOfFailOverHappens() {
        PatroniSettings settings = PatroniSettings.of(List.of());

        assertThat(settings.switchovers()).isEqualTo(10);
        assertThat(settings.kills()).isEqualTo(10);
        assertThat(PatroniPart.of(settings).stream()
                        .flatMap(part -> part.failOvers().stream())
                        .distinct())
                .containsExactlyInAnyOrder(FailOverClass.values());
    }

    @Test
    void onlyAPrimaryThatIsKilledWithoutASynchronousStandbyMayLoseCommits() {
        assertThat(PatroniPart.of(PatroniSettings.of(List.of()))).allSatisfy(part -> {
            boolean kills = part.failOvers().contains(FailOverClass.KILL)
                    || part.failOvers().contains(FailOverClass.LAGGING);
            assertThat(part.mayLoseCommits()).isEqualTo(kills && !part.synchronous());
        });
    }

    @Test
    void argumentsOverrideTheDefaultsAndAPartWithoutFailOversIsLeftOut() {
        PatroniSettings settings = PatroniSettings.of(List.of(
                "--switchovers",
                "0",
                "--kills",
                "2",
                "--partitions",
                "0",
                "--lagging",
                "0",
                "--workers",
                "1",
                "--seed",
                "5",
                "--keep"));

        assertThat(PatroniPart.of(settings))
                .extracting(PatroniPart::name)
                .containsExactly("synchronous", "asynchronous-losing");
        assertThat(settings.load().workers()).isOne();
        assertThat(settings.load().seed()).isEqualTo(5);
        assertThat(settings.load().keep()).isTrue();
    }

    @ParameterizedTest
    @ValueSource(strings = {"--kill 1", "--kills -1", "--kills x", "--kills", "--patroni-ttl 6", "--faults latency"})
    void wrongArgumentsAreRejected(String args) {
        assertThatThrownBy(() -> PatroniSettings.of(List.of(args.split(" "))))
                .isInstanceOf(IllegalArgumentException.class);
    }
}
