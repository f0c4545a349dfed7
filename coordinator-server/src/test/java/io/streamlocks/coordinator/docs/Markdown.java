package io.streamlocks.coordinator.docs;

import java.io.IOException;
import java.nio.file.FileVisitResult;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.SimpleFileVisitor;
import java.nio.file.attribute.BasicFileAttributes;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Set;
import java.util.TreeSet;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/** A Markdown file of this repository, as far as the tests of the documents read it. */
public final class Markdown {

    /** The root of the repository. */
    public static final Path ROOT = Path.of("..").toAbsolutePath().normalize();

    private static final Pattern FENCE = Pattern.compile("( *)```(\\w*)");
    private static final Pattern HEADING = Pattern.compile("#+ (.*)");
    private static final Pattern LINK =
            Pattern.compile("(?s)\\[(?:[^]\\[]|\\[[^]]*])*]\\(([^)\\s]+)\\)|(?:src|srcset|href)=\"([^\"]+)\"");

    private final String file;
    private final List<String> lines;

    /**
     * A block between two fences.
     *
     * @param file the path of its file from the root
     * @param heading the heading above it
     * @param language the word after the fence, or empty
     * @param text its lines, without the indentation of the fence
     */
    public record Block(String file, String heading, String language, String text) {

        /** Returns the line that names this block. */
        public String firstLine() {
            return text.lines().findFirst().orElse("");
        }
    }

    private Markdown(String file, List<String> lines) {
        this.file = file;
        this.lines = lines;
    }

    /** Reads a file, by its path from the root. */
    public static Markdown read(String file) throws IOException {
        return new Markdown(file, Files.readAllLines(ROOT.resolve(file)));
    }

    /** Returns the paths of all Markdown files from the root, without those of build output and downloads. */
    public static List<String> files() throws IOException {
        List<String> files = new ArrayList<>();
        Files.walkFileTree(ROOT, new SimpleFileVisitor<>() {
            @Override
            public FileVisitResult preVisitDirectory(Path directory, BasicFileAttributes attributes) {
                String name = directory.getFileName().toString();
                boolean foreign = !directory.equals(ROOT)
                        && (name.startsWith(".") || name.equals("target") || name.equals("node_modules"));
                return foreign ? FileVisitResult.SKIP_SUBTREE : FileVisitResult.CONTINUE;
            }

            @Override
            public FileVisitResult visitFile(Path path, BasicFileAttributes attributes) {
                if (path.toString().endsWith(".md")) {
                    files.add(ROOT.relativize(path).toString());
                }
                return FileVisitResult.CONTINUE;
            }
        });
        return files;
    }

    public List<String> lines() {
        return lines;
    }

    /** Returns the file as one text. */
    public String text() {
        return String.join("\n", lines);
    }

    /** Returns the blocks in their order. */
    public List<Block> blocks() {
        List<Block> blocks = new ArrayList<>();
        String heading = "";
        for (int i = 0; i < lines.size(); i++) {
            Matcher fence = FENCE.matcher(lines.get(i));
            Matcher title = HEADING.matcher(lines.get(i));
            if (title.matches()) {
                heading = title.group(1);
            } else if (fence.matches()) {
                StringBuilder text = new StringBuilder();
                for (i++; !lines.get(i).strip().equals("```"); i++) {
                    String line = lines.get(i);
                    text.append(
                                    line.startsWith(fence.group(1))
                                            ? line.substring(fence.group(1).length())
                                            : line)
                            .append('\n');
                }
                blocks.add(new Block(file, heading, fence.group(2), text.toString()));
            }
        }
        return blocks;
    }

    /** Returns the rows of all tables under a heading, without head and rule; a cell has no spaces around it. */
    public List<List<String>> table(String heading) {
        List<List<String>> rows = new ArrayList<>();
        String current = "";
        for (int i = 0; i < lines.size(); i++) {
            String line = lines.get(i);
            Matcher title = HEADING.matcher(line);
            if (title.matches()) {
                current = title.group(1);
            }
            boolean head = i + 1 < lines.size() && lines.get(i + 1).startsWith("|---");
            if (current.equals(heading) && line.startsWith("| ") && !head) {
                rows.add(List.of(line.substring(1, line.length() - 1).split("\\|", -1)).stream()
                        .map(String::strip)
                        .toList());
            }
        }
        return rows;
    }

    /** Returns the headings as GitHub turns them into anchors. */
    Set<String> anchors() {
        Set<String> anchors = new TreeSet<>();
        Map<String, Integer> seen = new HashMap<>();
        prose().lines().map(HEADING::matcher).filter(Matcher::matches).forEach(title -> {
            String anchor = title.group(1)
                    .toLowerCase(Locale.ROOT)
                    .replaceAll("[^\\p{L}\\p{N}_ -]", "")
                    .replace(' ', '-');
            int earlier = seen.merge(anchor, 1, Integer::sum) - 1;
            anchors.add(earlier == 0 ? anchor : anchor + "-" + earlier);
        });
        return anchors;
    }

    /** Returns the headings as they are written. */
    Set<String> headings() {
        Set<String> headings = new TreeSet<>();
        prose().lines().map(HEADING::matcher).filter(Matcher::matches).forEach(title -> headings.add(title.group(1)));
        return headings;
    }

    /** Returns the targets of all links and images. */
    List<String> links() {
        return LINK.matcher(prose())
                .results()
                .map(link -> link.group(1) == null ? link.group(2) : link.group(1))
                .toList();
    }

    /** The file without its blocks, in which a comment would look like a heading. */
    private String prose() {
        StringBuilder prose = new StringBuilder();
        boolean inBlock = false;
        for (String line : lines) {
            if (line.strip().startsWith("```")) {
                inBlock = !inBlock;
            } else if (!inBlock) {
                prose.append(line).append('\n');
            }
        }
        return prose.toString();
    }
}
