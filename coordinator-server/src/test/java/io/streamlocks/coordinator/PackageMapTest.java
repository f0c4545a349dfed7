package io.streamlocks.coordinator;

import static org.assertj.core.api.Assertions.assertThat;

import com.tngtech.archunit.core.domain.Dependency;
import com.tngtech.archunit.core.domain.JavaClass;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;

/** Compares the table of packages in CONTRIBUTING.md, "Where things belong", with the code. */
class PackageMapTest {

    private static final Path FILE = Path.of("..", "CONTRIBUTING.md");
    private static final String HEADING = "## Where things belong";
    private static final Pattern ROW = Pattern.compile("\\| (`[\\w.]+`) \\| [^|]+ \\| ([^|]*) \\|");
    private static final Path SOURCES = Path.of("src", "main", "java");
    private static final Pattern IMPORT =
            Pattern.compile("import (?:static )?(io\\.streamlocks\\.coordinator(?:\\.[a-z]\\w*)*)\\.[A-Z].*");
    private static final Pattern NAME = Pattern.compile("`([\\w.]+)`");

    /** The name of the root package in the table. */
    private static final String ROOT = "coordinator";

    /** Returns the name of each package in the table, with the names of those that it may use. */
    private static Map<String, Set<String>> permitted() throws IOException {
        List<String> section = Files.readAllLines(FILE).stream()
                .dropWhile(line -> !line.equals(HEADING))
                .skip(1)
                .takeWhile(line -> !line.startsWith("## "))
                .toList();
        Map<String, Set<String>> permitted = new TreeMap<>();
        for (String line : section) {
            Matcher row = ROW.matcher(line);
            if (row.matches()) {
                assertThat(permitted.put(names(row.group(1)).iterator().next(), names(row.group(2))))
                        .as(line)
                        .isNull();
            }
        }
        return permitted;
    }

    private static Set<String> names(String cell) {
        return NAME.matcher(cell).results().map(name -> name.group(1)).collect(Collectors.toCollection(TreeSet::new));
    }

    /**
     * Returns the packages of the code, with those that they use. jOOQ makes more than one package, which count as one.
     */
    private static Map<String, Set<String>> used() throws IOException {
        Map<String, Set<String>> used = new TreeMap<>();
        for (JavaClass one : ArchitectureTest.CLASSES) {
            Set<String> others = used.computeIfAbsent(name(one), name -> new TreeSet<>());
            for (Dependency dependency : one.getDirectDependenciesFromSelf()) {
                JavaClass other = dependency.getTargetClass();
                if (isOurs(other) && !name(other).equals(name(one))) {
                    others.add(name(other));
                }
            }
        }
        addImports(used);
        return used;
    }

    /** The compiler copies constants of other classes, so the bytecode does not show where they come from. */
    private static void addImports(Map<String, Set<String>> used) throws IOException {
        List<Path> sources;
        try (Stream<Path> files = Files.walk(SOURCES)) {
            sources = files.filter(file -> file.toString().endsWith(".java")).toList();
        }
        assertThat(sources).isNotEmpty();
        for (Path source : sources) {
            List<String> folders = new ArrayList<>();
            SOURCES.relativize(source).getParent().forEach(folder -> folders.add(folder.toString()));
            String name = name(String.join(".", folders));
            for (String line : Files.readAllLines(source)) {
                Matcher imported = IMPORT.matcher(line);
                if (imported.matches() && !name(imported.group(1)).equals(name)) {
                    used.computeIfAbsent(name, none -> new TreeSet<>()).add(name(imported.group(1)));
                }
            }
        }
    }

    private static boolean isOurs(JavaClass one) {
        String name = one.getPackageName();
        return name.equals(ArchitectureTest.ROOT) || name.startsWith(ArchitectureTest.ROOT + ".");
    }

    private static String name(JavaClass one) {
        return name(one.getPackageName());
    }

    private static String name(String name) {
        return name.equals(ArchitectureTest.ROOT)
                ? ROOT
                : name.substring(ArchitectureTest.ROOT.length() + 1).replaceFirst("(\\.generated)\\..*", "$1");
    }

    @Test
    void theTableContainsEachPackageAndNoOther() throws Exception {
        assertThat(permitted().keySet()).isEqualTo(used().keySet());
    }

    @Test
    void eachPackageUsesOnlyThePackagesThatTheTablePermits() throws Exception {
        assertThat(missing(used(), permitted())).isEmpty();
    }

    /** A permission that no code needs would permit a dependency without a decision. */
    @Test
    void theTablePermitsNothingThatNoCodeNeeds() throws Exception {
        assertThat(missing(permitted(), used())).isEmpty();
    }

    /** Returns the dependencies, such as "http uses lock", that are in one map and not in the other. */
    private static List<String> missing(Map<String, Set<String>> in, Map<String, Set<String>> from) {
        List<String> missing = new ArrayList<>();
        in.forEach((name, others) -> others.stream()
                .filter(other -> !from.getOrDefault(name, Set.of()).contains(other))
                .forEach(other -> missing.add(name + " uses " + other)));
        return missing;
    }
}
