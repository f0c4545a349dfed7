package io.streamlocks.coordinator.reload;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.streamlocks.coordinator.log.CapturedLog;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.FileTime;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.api.parallel.Isolated;

@Isolated
class ReloadedTest {

    @TempDir
    private Path directory;

    @RegisterExtension
    private final CapturedLog log = new CapturedLog(Reloaded.class);

    private Path file;

    @BeforeEach
    void start() throws IOException {
        file = directory.resolve("file");
        write("one");
    }

    /** Returns the content, unless the test declares it unusable. */
    private static String text(List<byte[]> contents) throws UnusableFileException {
        String text = new String(contents.get(0), StandardCharsets.UTF_8);
        if (text.startsWith("broken")) {
            throw new UnusableFileException(List.of("is broken", "and more"));
        }
        if (text.equals("fault")) {
            throw new IllegalStateException("A fault");
        }
        return text;
    }

    private Reloaded<String> reloaded() throws UnusableFileException {
        return new Reloaded<>("file of the test", List.of(file), ReloadedTest::text);
    }

    @Test
    void aChangeIsNoticed() throws Exception {
        Reloaded<String> reloaded = reloaded();
        assertThat(reloaded.get()).isEqualTo("one");
        write("two");
        reloaded.reload();
        assertThat(reloaded.get()).isEqualTo("two");
        assertThat(log.messages()).containsExactly("Reloaded file of the test");
    }

    @Test
    void aChangeThatKeepsSizeAndTimeIsNoticed() throws Exception {
        Reloaded<String> reloaded = reloaded();
        FileTime time = Files.getLastModifiedTime(file);
        write("two");
        Files.setLastModifiedTime(file, time);
        reloaded.reload();
        assertThat(reloaded.get()).isEqualTo("two");
    }

    @Test
    void aLinkToAnotherFileIsNoticedAsInAMountedSecret() throws Exception {
        Path old = Files.createDirectory(directory.resolve("v1"));
        Path fresh = Files.createDirectory(directory.resolve("v2"));
        Files.writeString(old.resolve("file"), "old");
        Files.writeString(fresh.resolve("file"), "fresh");
        Path data = Files.createSymbolicLink(directory.resolve("..data"), old);
        Path link = Files.createSymbolicLink(directory.resolve("link"), directory.resolve("..data/file"));
        Reloaded<String> reloaded = new Reloaded<>("file", List.of(link), ReloadedTest::text);
        Files.delete(data);
        Files.createSymbolicLink(data, fresh);
        reloaded.reload();
        assertThat(reloaded.get()).isEqualTo("fresh");
    }

    @Test
    void unchangedFilesAreNotUsedAgain() throws Exception {
        List<String> made = new ArrayList<>();
        Reloaded<String> reloaded = new Reloaded<>("file", List.of(file), contents -> {
            made.add(text(contents));
            return "made";
        });
        write("one");
        reloaded.reload();
        reloaded.reload();
        assertThat(made).hasSize(1);
        assertThat(log.messages()).isEmpty();
    }

    @Test
    void aBrokenOrMissingFileLeavesThePreviousValueInUseAndIsLoggedOnce() throws Exception {
        Reloaded<String> reloaded = reloaded();
        for (String content : List.of("broken", "broken still", "fault")) {
            write(content);
            reloaded.reload();
            reloaded.reload();
            assertThat(reloaded.get()).isEqualTo("one");
        }
        Files.delete(file);
        reloaded.reload();
        reloaded.reload();
        assertThat(reloaded.get()).isEqualTo("one");
        String kept = "The new file of the test cannot be used. The previous one stays in use: ";
        assertThat(log.messages())
                .containsExactly(
                        kept + "is broken; and more",
                        kept + "java.lang.IllegalStateException: A fault",
                        kept + file + " does not exist");
    }

    @Test
    void aRepairedFileIsUsed() throws Exception {
        Reloaded<String> reloaded = reloaded();
        write("broken");
        reloaded.reload();
        write("two");
        reloaded.reload();
        assertThat(reloaded.get()).isEqualTo("two");
    }

    @Test
    void aListenerReceivesTheNewValueAndMayRejectIt() throws Exception {
        Reloaded<String> reloaded = reloaded();
        List<String> heard = new ArrayList<>();
        reloaded.onChange(heard::add);
        reloaded.onChange(made -> {
            if (made.equals("refused")) {
                throw new IllegalStateException("No");
            }
        });
        write("two");
        reloaded.reload();
        write("refused");
        reloaded.reload();
        assertThat(heard).containsExactly("two", "refused");
        assertThat(reloaded.get()).isEqualTo("two");
    }

    @Test
    void aFileThatCannotBeReadAtFirstIsReportedAtOnce() throws Exception {
        write("broken");
        assertThatThrownBy(this::reloaded)
                .isInstanceOfSatisfying(UnusableFileException.class, e -> assertThat(e.problems())
                        .containsExactly("is broken", "and more"));
        Files.delete(file);
        assertThatThrownBy(this::reloaded).hasMessage(file + " does not exist");
        Files.createDirectory(file);
        assertThatThrownBy(this::reloaded).hasMessageStartingWith(file + " cannot be read");
    }

    private void write(String content) throws IOException {
        Files.writeString(file, content);
    }
}
