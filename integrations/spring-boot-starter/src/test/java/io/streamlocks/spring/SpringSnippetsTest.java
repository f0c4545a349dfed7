package io.streamlocks.spring;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.io.StringWriter;
import java.net.URI;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.regex.MatchResult;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import javax.tools.JavaFileObject;
import javax.tools.SimpleJavaFileObject;
import javax.tools.ToolProvider;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** Compiles the Java snippets of docs/spring.md. Each is a file. */
class SpringSnippetsTest {

    private static final Pattern BLOCK = Pattern.compile("(?ms)^```java\n(.*?)^```$");
    private static final Pattern CLASS = Pattern.compile("(?m)^public class (\\w+)");

    @TempDir
    private Path classes;

    static List<String> snippets() throws IOException {
        String page = Files.readString(Path.of("..", "..", "docs", "spring.md"));
        return BLOCK.matcher(page).results().map(block -> block.group(1)).toList();
    }

    @ParameterizedTest
    @MethodSource("snippets")
    void everySnippetCompiles(String snippet) {
        Matcher name = CLASS.matcher(snippet);
        assertThat(name.find()).isTrue();
        JavaFileObject file =
                new SimpleJavaFileObject(
                        URI.create("string:///" + name.group(1) + ".java"), JavaFileObject.Kind.SOURCE) {
                    @Override
                    public CharSequence getCharContent(boolean ignoreEncodingErrors) {
                        return snippet;
                    }
                };
        StringWriter messages = new StringWriter();
        List<String> options =
                List.of("-proc:none", "-classpath", System.getProperty("java.class.path"), "-d", classes.toString());
        boolean compiled = ToolProvider.getSystemJavaCompiler()
                .getTask(messages, null, null, options, null, List.of(file))
                .call();
        assertThat(compiled).as("%s\n%s", snippet, messages).isTrue();
    }

    @Test
    void theFirstOneIsTheExample() throws IOException {
        String example = Files.readString(
                Path.of("..", "..", "examples/spring-boot/src/main/java/io/streamlocks/examples/spring/Worker.java"));
        assertThat(code(example)).isEqualTo(code(snippets().get(0)));
    }

    /** Returns a class without its package, its imports and its comments. */
    private static String code(String source) {
        Matcher from = Pattern.compile("(?ms)^@.*").matcher(source);
        return from.results().map(MatchResult::group).findFirst().orElseThrow().strip();
    }
}
