package io.streamlocks.proof.abuse;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.streamlocks.proof.abuse.Combination.Backend;
import io.streamlocks.proof.abuse.Combination.Way;
import io.streamlocks.proof.abuse.attack.AttackClass;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class AbuseSettingsTest {

    @Test
    void withoutArgumentsEveryAttackRunsForAMinute() {
        AbuseSettings settings = AbuseSettings.of(List.of(), Map.of());

        assertThat(settings.attacks()).containsExactly(AttackClass.values());
        assertThat(settings.backends()).containsExactly(Backend.values());
        assertThat(settings.paths()).containsExactly(Way.values());
        assertThat(settings.heaps()).containsExactly(512, 768);
        assertThat(settings.seconds()).isEqualTo(Duration.ofMinutes(1));
    }

    @Test
    void argumentsOverrideTheDefaults() {
        AbuseSettings settings = AbuseSettings.of(
                List.of("--attacks", "lists,same-lease", "--paths", "nginx", "--heaps", "768m"),
                Map.of("attacks", "garbage", "backends", "memory"));

        assertThat(settings.attacks()).containsExactly(AttackClass.LISTS, AttackClass.SAME_LEASE);
        assertThat(settings.backends()).containsExactly(Backend.MEMORY);
        assertThat(settings.paths()).containsExactly(Way.NGINX);
        assertThat(settings.heaps()).containsExactly(768);
    }

    @ParameterizedTest
    @ValueSource(strings = {"--attack lists", "--attacks none", "--seconds 0", "--heaps", "--paths proxy", "lists x"})
    void wrongArgumentsAreRejected(String args) {
        assertThatThrownBy(() -> AbuseSettings.of(List.of(args.split(" ")), Map.of()))
                .isInstanceOf(IllegalArgumentException.class);
    }
}
