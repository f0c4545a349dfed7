package io.streamlocks.coordinator.http;

import static org.assertj.core.api.Assertions.assertThat;

import io.streamlocks.coordinator.docs.Markdown;
import java.io.IOException;
import java.util.Arrays;
import org.junit.jupiter.api.Test;

class ErrorTableTest {

    /** {@link RoutesTest} compares the codes of the contract with the same enum. */
    @Test
    void theTableOfErrorsInTheDocumentsHasTheStatusAndCodeOfEachProblem() throws IOException {
        assertThat(Markdown.read("docs/api.md").table("Errors"))
                .extracting(row -> row.get(0) + " " + row.get(1))
                .containsExactlyInAnyOrderElementsOf(Arrays.stream(ProblemType.values())
                        .map(type -> type.status + " `" + type.code() + "`")
                        .toList());
    }
}
