package io.streamlocks.testkit.rig;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalStateException;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.awaitility.Awaitility.await;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.regex.Pattern;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

@Tag("process")
class ChildProcessTest {

    private static final Duration PATIENCE = Duration.ofSeconds(30);

    @TempDir
    private Path directory;

    private static ChildProcessBuilder shell(String script) {
        return ChildProcess.command("sh", "-c", script);
    }

    @Test
    void outputAndErrorsAreThoseOfTheLatestStartAndTheLogKeepsAll() throws Exception {
        Path log = Files.writeString(directory.resolve("log"), "before\n");
        try (ChildProcess child = shell("echo $RANDOM_NAME; exec cat")
                .environment(Map.of("RANDOM_NAME", "hello"))
                .log(log)
                .start()) {
            assertThat(child.awaitOutput(Pattern.compile("h(.*)o"), PATIENCE).group(1))
                    .isEqualTo("ell");
            child.kill();
            child.start();
            child.awaitOutput(Pattern.compile("hello"), PATIENCE);
            assertThat(child.output()).isEqualTo("hello\n");
            assertThat(log).hasContent("before\nhello\nhello\n");
        }
    }

    @Test
    void stdoutAndStderrAreApartWithoutALog() throws Exception {
        try (ChildProcess child = shell("echo out; echo err >&2; exit 3").start()) {
            assertThat(child.exitCode(PATIENCE)).isEqualTo(3);
            assertThat(child.output()).isEqualTo("out\n");
            assertThat(child.errors()).isEqualTo("err\n");
        }
    }

    @Test
    void theWholeEnvironmentCanBeGiven() throws Exception {
        try (ChildProcess child = ChildProcess.command("/usr/bin/env")
                .onlyEnvironment(Map.of("A", "1"))
                .start()) {
            assertThat(child.exitCode(PATIENCE)).isZero();
            assertThat(child.output()).isEqualTo("A=1\n");
        }
    }

    @Test
    void waitingForOutputEndsWithTheProcessAndShowsWhatItWrote() throws Exception {
        try (ChildProcess child =
                shell("echo no such setting >&2").name("server").start()) {
            assertThatThrownBy(() -> child.awaitOutput(Pattern.compile("ready"), PATIENCE))
                    .isInstanceOf(IOException.class)
                    .hasMessageContaining("server has ended")
                    .hasMessageContaining("no such setting");
        }
    }

    @Test
    void aProcessThatEndsByItselfHasDiedOnce() throws Exception {
        try (ChildProcess child = shell("exit 0").start()) {
            child.exitCode(PATIENCE);
            assertThat(child.hasDied()).isTrue();
            assertThat(child.hasDied()).isFalse();
            assertThat(child.terminate(PATIENCE)).isFalse();
        }
    }

    @Test
    void aProcessThatIsTerminatedHasNotDied() throws Exception {
        try (ChildProcess child = shell("exec sleep 600").start()) {
            assertThat(child.terminate(PATIENCE)).isTrue();
            assertThat(child.isAlive()).isFalse();
            assertThat(child.hasDied()).isFalse();
        }
    }

    @Test
    void killAndPauseReachTheChildrenOfTheProcess() throws Exception {
        try (ChildProcess child = shell("sleep 600 & echo $!; wait").start()) {
            long sleeping = Long.parseLong(
                    child.awaitOutput(Pattern.compile("(\\d+)\\n"), PATIENCE).group(1));
            child.pause();
            await().until(() -> List.of(state(child.pid()), state(sleeping)).equals(List.of("T", "T")));
            child.resume();
            await().until(() ->
                    !state(child.pid()).equals("T") && !state(sleeping).equals("T"));
            assertThat(child.isAlive()).isTrue();
            child.kill();
            assertThat(ProcessHandle.of(sleeping).filter(ProcessHandle::isAlive))
                    .isEmpty();
        }
    }

    private static String state(long pid) throws Exception {
        try (ChildProcess ps = ChildProcess.command("ps", "-o", "state=", "-p", Long.toString(pid))
                .start()) {
            ps.exitCode(PATIENCE);
            return ps.output().strip().substring(0, 1);
        }
    }

    @Test
    void aClosedProcessIsNotStartedAgain() throws Exception {
        ChildProcess child = shell("exec sleep 600").start();
        child.close();
        await().until(() -> !child.isAlive());
        assertThatIllegalStateException().isThrownBy(child::start);
    }
}
