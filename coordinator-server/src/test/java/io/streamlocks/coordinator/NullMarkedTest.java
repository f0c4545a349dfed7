package io.streamlocks.coordinator;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;

/** NullAway checks only packages that are marked, and nothing reports a package that is not. */
class NullMarkedTest {

    private static final Path ROOT = Path.of("..");

    /** Returns the main sources of all modules. */
    private static List<Path> sources() throws IOException {
        try (Stream<Path> modules = Files.find(
                ROOT, 3, (path, attributes) -> attributes.isDirectory() && Files.exists(path.resolve("pom.xml")))) {
            return modules.map(module -> module.resolve("src/main/java"))
                    .filter(Files::isDirectory)
                    .flatMap(NullMarkedTest::javaFiles)
                    .toList();
        }
    }

    private static Stream<Path> javaFiles(Path directory) {
        try (Stream<Path> files = Files.walk(directory)) {
            return files.filter(file -> file.toString().endsWith(".java")).toList().stream();
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    private static boolean isMarked(Path directory) {
        Path file = directory.resolve("package-info.java");
        try {
            return Files.exists(file) && Files.readString(file).contains("\n@NullMarked\npackage ");
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    @Test
    void eachPackageOfMainCodeIsNullMarked() throws Exception {
        List<Path> packages = sources().stream().map(Path::getParent).distinct().toList();
        assertThat(packages).hasSizeGreaterThan(20).allMatch(NullMarkedTest::isMarked);
    }

    @Test
    void noCodeSuppressesTheCheckOrIsExemptFromIt() throws Exception {
        for (Path file : sources()) {
            assertThat(Files.readString(file)).as("%s", file).doesNotContain("\"NullAway\"", "NullUnmarked");
        }
    }
}
