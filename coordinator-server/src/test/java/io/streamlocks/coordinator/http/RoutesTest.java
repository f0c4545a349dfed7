package io.streamlocks.coordinator.http;

import static org.assertj.core.api.Assertions.assertThat;

import io.streamlocks.coordinator.http.jetty.Call;
import io.streamlocks.coordinator.lock.memory.MemoryLockManager;
import io.swagger.v3.oas.models.media.Schema;
import java.time.InstantSource;
import java.util.Arrays;
import java.util.List;
import java.util.Set;
import java.util.TreeSet;
import java.util.regex.MatchResult;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import org.junit.jupiter.api.Test;

/** The routes and the contract are written by hand. They must contain the same. */
class RoutesTest {

    /** Parts of the pages {@code /docs} and {@code /console}. */
    private static final List<String> ASSETS = List.of("GET /docs/{asset}", "GET /console/{asset}");

    @Test
    void routesAndContractAreTheSame() {
        HttpServer server = new HttpServer(
                new MemoryLockManager(InstantSource.system(), true),
                new Gate(),
                TestServer.DEFAULT_TTL,
                TestServer.MAX_TTL);
        Set<String> documented = new TreeSet<>();
        OpenApiFilter.SPEC.getPaths().forEach((path, item) -> item.readOperationsMap()
                .keySet()
                .forEach(method -> documented.add(method + " " + path)));
        documented.addAll(ASSETS);
        // The contract describes HEAD once, for all paths with GET.
        List.copyOf(documented).stream()
                .filter(route -> route.startsWith("GET "))
                .forEach(route -> documented.add(route.replace("GET ", "HEAD ")));
        assertThat(server.routes()).containsExactlyInAnyOrderElementsOf(documented);
    }

    @Test
    void problemTypesAndDocumentedCodesAreTheSame() {
        Schema<?> code = (Schema<?>) OpenApiFilter.SPEC
                .getComponents()
                .getSchemas()
                .get("Problem")
                .getProperties()
                .get("code");
        assertThat(Arrays.stream(ProblemType.values()).map(ProblemType::code))
                .containsExactlyInAnyOrderElementsOf(backtickedWords(code.getDescription()));
    }

    @Test
    void everyDescriptionOfAnErrorNamesCodesThatExist() {
        Set<String> codes =
                Arrays.stream(ProblemType.values()).map(ProblemType::code).collect(Collectors.toSet());
        OpenApiFilter.SPEC.getPaths().values().stream()
                .flatMap(path -> path.readOperations().stream())
                .flatMap(operation -> operation.getResponses().entrySet().stream())
                .filter(response -> response.getKey().matches("[45].."))
                .forEach(response -> assertThat(
                                backtickedWords(response.getValue().getDescription()))
                        .containsAnyElementsOf(codes)
                        .allMatch(word -> !word.contains("-") || codes.contains(word) || word.contains("/")));
    }

    @Test
    void everyResponseNamesTheRequestId() {
        OpenApiFilter.SPEC.getPaths().forEach((path, item) -> item.readOperationsMap()
                .forEach((method, operation) -> operation.getResponses().forEach((status, response) -> assertThat(
                                response.getHeaders())
                        .as("%s %s -> %s", method, path, status)
                        .containsKey(Call.REQUEST_ID))));
    }

    @Test
    void everyOperationHasItsOwnId() {
        assertThat(OpenApiFilter.SPEC.getPaths().values().stream()
                        .flatMap(path -> path.readOperations().stream())
                        .map(operation -> operation.getOperationId()))
                .doesNotContainNull()
                .doesNotHaveDuplicates();
    }

    private static Set<String> backtickedWords(String description) {
        return Pattern.compile("`([^`]+)`")
                .matcher(description)
                .results()
                .map((MatchResult match) -> match.group(1))
                .collect(Collectors.toCollection(TreeSet::new));
    }
}
