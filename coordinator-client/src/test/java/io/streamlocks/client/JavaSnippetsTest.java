package io.streamlocks.client;

import static org.assertj.core.api.Assertions.assertThat;

import io.streamlocks.testkit.InProcessCoordinator;
import io.streamlocks.testkit.rig.ChildProcess;
import io.streamlocks.testkit.rig.Machine;
import java.io.IOException;
import java.io.StringWriter;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import javax.tools.JavaCompiler;
import javax.tools.JavaFileObject;
import javax.tools.SimpleJavaFileObject;
import javax.tools.ToolProvider;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/**
 * Compiles the Java snippets of README.md and docs/ against the client. Those of docs/spring.md need the starter, whose
 * tests compile them. A snippet with a public class is a file. Any
 * other snippet is the body of a method, after its imports, and may use the names of {@link #SURROUNDINGS}.
 */
@Tag("process")
class JavaSnippetsTest {

    private static final Path ROOT = Path.of("..");
    private static final Pattern BLOCK = Pattern.compile("(?ms)^```java\n(.*?)^```$");
    private static final Pattern XML_BLOCK = Pattern.compile("(?ms)^```xml\n(.*?)^```$");
    private static final Pattern PUBLIC_CLASS = Pattern.compile("(?m)^public (?:final )?class (\\w+)");

    /** The names that a snippet may use without declaring them: the parts of a worker that its author writes. */
    private static final String SURROUNDINGS = """
            import io.streamlocks.client.*;
            import io.streamlocks.client.session.*;
            import java.net.URI;
            import java.time.Duration;
            import java.util.*;

            final class Snippet {
                record Order(String id) {}

                record OrderSession(HeldLease lease) implements SessionHandler<Order> {
                    @Override
                    public void handle(Order order) {}
                }

                StreamLockClient client;
                EventSource<Order> source;
                Order event;

                void publish(Order order, long fencingToken) {}

                long report(long fencingToken) {
                    return fencingToken;
                }

                AutoCloseable startWorker(URI coordinator) {
                    return () -> {};
                }

                void run() throws Exception {
            """;

    @TempDir
    private Path classes;

    private record Snippet(String page, String text) {}

    static List<Snippet> snippets() throws IOException {
        return blocks(BLOCK);
    }

    private static List<Snippet> blocks(Pattern block) throws IOException {
        List<Snippet> snippets = new ArrayList<>();
        List<Path> pages;
        try (Stream<Path> files = Files.list(ROOT.resolve("docs"))) {
            pages = Stream.concat(
                            Stream.of(ROOT.resolve("README.md")),
                            files.filter(page -> !page.endsWith("spring.md")).sorted())
                    .toList();
        }
        for (Path page : pages) {
            block.matcher(Files.readString(page))
                    .results()
                    .forEach(
                            found -> snippets.add(new Snippet(page.getFileName().toString(), found.group(1))));
        }
        return snippets;
    }

    @ParameterizedTest
    @MethodSource("snippets")
    void everySnippetCompiles(Snippet snippet) {
        compile(snippet.text());
    }

    /** Without a logger, slf4j drops what the client logs of losses and of leases that it could not release. */
    @Test
    void theDependenciesOfAWorkerIncludeALogger() throws Exception {
        assertThat(blocks(XML_BLOCK).stream()
                        .map(Snippet::text)
                        .filter(text -> text.contains("<artifactId>coordinator-client</artifactId>")))
                .isNotEmpty()
                .allMatch(text -> text.contains("<artifactId>logback-classic</artifactId>"));
    }

    @Test
    void theWorkerOfTheReadmeHandlesEventsAndReleasesItsLeasesOnSigterm() throws Exception {
        String worker = snippets().get(0).text();
        assertThat(worker.strip().lines().filter(line -> !line.isEmpty())).hasSizeLessThanOrEqualTo(30);

        try (InProcessCoordinator coordinator = new InProcessCoordinator()) {
            compile(worker.replace("http://127.0.0.1:8080", coordinator.uri().toString()));
            String classPath = classes + ":" + System.getProperty("java.class.path");
            try (ChildProcess process = ChildProcess.command(Machine.java(), "-cp", classPath, "Worker")
                    .start()) {
                for (String event : List.of("order 1", "order 2")) {
                    process.awaitOutput(
                            Pattern.compile(event + ": write it with fencing token \\d+"), Duration.ofSeconds(60));
                }
                assertThat(locks(coordinator)).contains("orders/eu", "orders/us");
                assertThat(process.terminate(Duration.ofSeconds(60))).isTrue();
            }
            assertThat(locks(coordinator)).isEqualTo("{\"locks\":[]}");
        }
    }

    private static String locks(InProcessCoordinator coordinator) throws IOException, InterruptedException {
        URI locks = coordinator.uri().resolve("/v1/locks");
        return HttpClient.newHttpClient()
                .send(HttpRequest.newBuilder(locks).build(), HttpResponse.BodyHandlers.ofString())
                .body();
    }

    private void compile(String text) {
        var name = PUBLIC_CLASS.matcher(text);
        boolean isFile = name.find();
        String source = isFile ? text : inSurroundings(text);
        JavaCompiler compiler = ToolProvider.getSystemJavaCompiler();
        StringWriter messages = new StringWriter();
        List<String> options =
                List.of("-proc:none", "-classpath", System.getProperty("java.class.path"), "-d", classes.toString());
        boolean compiled = compiler.getTask(
                        messages, null, null, options, null, List.of(file(isFile ? name.group(1) : "Snippet", source)))
                .call();
        assertThat(compiled).as("%s\n%s", source, messages).isTrue();
    }

    private static String inSurroundings(String text) {
        String imports = text.lines().filter(line -> line.startsWith("import ")).collect(Collectors.joining("\n"));
        String body = text.lines().filter(line -> !line.startsWith("import ")).collect(Collectors.joining("\n"));
        return imports + "\n" + SURROUNDINGS + body + "\n}\n}\n";
    }

    private static JavaFileObject file(String name, String source) {
        return new SimpleJavaFileObject(URI.create("string:///" + name + ".java"), JavaFileObject.Kind.SOURCE) {
            @Override
            public CharSequence getCharContent(boolean ignoreEncodingErrors) {
                return source;
            }
        };
    }
}
