package io.streamlocks.bench;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.streamlocks.bench.Options.Command;
import io.streamlocks.bench.Options.UsageException;
import java.time.Duration;
import java.util.List;
import org.junit.jupiter.api.Test;

class OptionsTest {

    @Test
    void withoutArgumentsAllContendersAreCompared() throws UsageException {
        Options options = Options.parse();

        assertThat(options.command()).isEqualTo(Command.COMPARE);
        assertThat(options.contenders()).isEqualTo(Options.CONTENDERS);
        assertThat(options.measures()).isEqualTo(Options.MEASURES);
        assertThat(options.workers()).isEmpty();
    }

    @Test
    void namesKeepTheUsualOrderAndDuplicatesAreDropped() throws UsageException {
        Options options = Options.parse(
                "--only", "jdbc,coordinator,jdbc", "--workers", "64,1", "--seconds", "5", "--rounds", "2");

        assertThat(options.contenders()).containsExactly("coordinator", "jdbc");
        assertThat(options.workers()).containsExactly(64, 1);
        assertThat(options.time()).isEqualTo(Duration.ofSeconds(5));
        assertThat(options.rounds()).isEqualTo(2);
    }

    @Test
    void theCommandMillionHasItsOwnOptions() throws UsageException {
        Options.MillionOptions million = Options.parse("million", "--workers", "20", "--seconds", "15", "--cycles", "0")
                .million();

        assertThat(million).isEqualTo(new Options.MillionOptions(20, Duration.ofSeconds(15), 0));
        assertThat(Options.parse("million").million())
                .isEqualTo(new Options.MillionOptions(1000, Duration.ofMinutes(10), 500));
    }

    @Test
    void theCommandSoakHasItsOwnOptions() throws UsageException {
        assertThat(Options.parse("soak").soak()).isEqualTo(new Options.SoakOptions(Duration.ofHours(1), 7000));
        assertThat(Options.parse("soak", "--seconds", "60", "--cycles", "100").soak())
                .isEqualTo(new Options.SoakOptions(Duration.ofMinutes(1), 100));
    }

    @Test
    void theCommandsOfWaitersHaveTheirOwnOptions() throws UsageException {
        assertThat(Options.parse("quiet").handOvers()).isEqualTo(30);
        assertThat(Options.parse("quiet", "--handovers", "5").handOvers()).isEqualTo(5);
        assertThat(Options.parse("waiters").waiters())
                .isEqualTo(new Options.WaitersOptions(10_000, Duration.ofMinutes(1)));
        assertThat(Options.parse("waiters", "--waiters", "50", "--seconds", "7").waiters())
                .isEqualTo(new Options.WaitersOptions(50, Duration.ofSeconds(7)));
    }

    @Test
    void theMessageNamesTheWrongArgument() {
        refused("unknown command fast", "fast");
        refused("unknown option --fast", "--fast", "1");
        refused("unknown option --only", "million", "--only", "jdbc");
        refused("unknown option --seconds", "short", "--seconds", "1");
        refused("unknown option --workers", "soak", "--workers", "1");
        refused("unknown option --seconds", "quiet", "--seconds", "1");
        refused("unknown option --handovers", "waiters", "--handovers", "1");
        refused("--only needs a value", "--only");
        refused(
                "--only takes coordinator,jdbc,shedlock,etcd,zookeeper,redis,polling,previous, not consul",
                "--only",
                "jdbc,consul");
        refused("--workers must be a number from 1 to 1000000, not 0", "--workers", "1,0");
        refused("--rounds must be a number from 1 to 1000000, not x", "--rounds", "x");
        refused("--workers must be a single number", "million", "--workers", "1,2");
    }

    @Test
    void anotherVersionIsMeasuredOnlyIfItIsNamed() throws Exception {
        assertThat(Options.parse().contenders()).doesNotContain("previous");
        assertThat(Options.parse("--only", "coordinator,previous").contenders())
                .containsExactly("coordinator", "previous");
    }

    private static void refused(String message, String... args) {
        assertThatThrownBy(() -> Options.parse(args))
                .as("%s", List.of(args))
                .isInstanceOf(UsageException.class)
                .hasMessageContaining(message);
    }
}
