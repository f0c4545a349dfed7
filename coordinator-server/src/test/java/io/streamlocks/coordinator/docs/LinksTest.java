package io.streamlocks.coordinator.docs;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.FileVisitResult;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.SimpleFileVisitor;
import java.nio.file.attribute.BasicFileAttributes;
import java.util.ArrayList;
import java.util.List;
import java.util.regex.MatchResult;
import java.util.regex.Pattern;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** Follows the links of all Markdown files, and the references of code and scripts to pages and headings. */
class LinksTest {

    private static final Pattern ABSOLUTE = Pattern.compile("[a-z]+:.*");

    /** A reference such as {@code docs/operations.md, "Sizing"}, in which a message leaves out the quotation marks. */
    private static final Pattern REFERENCE =
            Pattern.compile("\\b(docs/[a-z-]+\\.md)\\b(?:, (?:\\\\?\"([^\"\\\\]+)\\\\?\"|([A-Z][a-z ]+[a-z])))?");

    static List<String> files() throws IOException {
        return Markdown.files();
    }

    @ParameterizedTest
    @MethodSource("files")
    void everyLinkLeadsToAFileAndToAHeadingOfIt(String file) throws IOException {
        for (String link : Markdown.read(file).links()) {
            if (ABSOLUTE.matcher(link).matches()) {
                continue;
            }
            String path = link.replaceFirst("#.*", "");
            Path target = path.isEmpty()
                    ? Markdown.ROOT.resolve(file)
                    : Markdown.ROOT.resolve(file).resolveSibling(path).normalize();
            assertThat(target).as("%s: %s", file, link).exists();
            if (link.contains("#")) {
                assertThat(Markdown.read(Markdown.ROOT.relativize(target).toString())
                                .anchors())
                        .as("%s: %s", file, link)
                        .contains(link.substring(link.indexOf('#') + 1));
            }
        }
    }

    @Test
    void everyReferenceOfCodeAndScriptsLeadsToAPageAndToAHeadingOfIt() throws IOException {
        List<String> references = new ArrayList<>();
        for (Path file : textFiles()) {
            String text = Files.readString(file, StandardCharsets.ISO_8859_1);
            assertThat(text).as("%s", file).doesNotContain("RUNBOOK" + ".md");
            for (MatchResult reference : REFERENCE.matcher(text).results().toList()) {
                references.add(reference.group());
                String page = reference.group(1);
                assertThat(Markdown.ROOT.resolve(page)).as("%s", file).exists();
                String heading = reference.group(2) == null ? reference.group(3) : reference.group(2);
                if (heading != null && !heading.contains("%")) {
                    assertThat(Markdown.read(page).headings())
                            .as("%s: %s", file, reference.group())
                            .anyMatch(title -> heading.equals(title) || heading.startsWith(title + " "));
                }
            }
        }
        assertThat(references).contains("docs/security.md, \"Images\"");
    }

    /** Returns code, scripts and manifests: every file that may mention a page and is not a page. */
    private static List<Path> textFiles() throws IOException {
        Pattern named = Pattern.compile(
                ".*\\.(?:java|sql|sh|yml|yaml|js|mjs|html|env|json|py|properties|mutant)|Dockerfile|\\.env\\.example|[a-z-]+");
        List<Path> files = new ArrayList<>();
        Files.walkFileTree(Markdown.ROOT, new SimpleFileVisitor<>() {
            @Override
            public FileVisitResult preVisitDirectory(Path directory, BasicFileAttributes attributes) {
                String name = directory.getFileName().toString();
                boolean foreign = !directory.equals(Markdown.ROOT)
                        && (name.startsWith(".") && !name.equals(".ci")
                                || name.equals("target")
                                || name.equals("node_modules"));
                return foreign ? FileVisitResult.SKIP_SUBTREE : FileVisitResult.CONTINUE;
            }

            @Override
            public FileVisitResult visitFile(Path file, BasicFileAttributes attributes) {
                if (named.matcher(file.getFileName().toString()).matches()) {
                    files.add(file);
                }
                return FileVisitResult.CONTINUE;
            }
        });
        return files;
    }
}
