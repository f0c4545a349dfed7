package io.streamlocks.coordinator.http;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import io.restassured.response.Response;
import java.io.IOException;
import java.io.UncheckedIOException;

/** Checks responses that are problems. */
final class ProblemAssertions {

    private static final ObjectMapper MAPPER = new ObjectMapper();

    private ProblemAssertions() {}

    static JsonNode json(Response response) {
        try {
            return MAPPER.readTree(response.asByteArray());
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    /**
     * Checks a response that is a problem.
     *
     * @param field the field at fault; null if the problem names none
     */
    static void assertProblem(Response response, int status, String code, String field) {
        assertThat(response.statusCode()).as(response.asString()).isEqualTo(status);
        assertThat(response.contentType()).isEqualTo("application/problem+json");
        assertProblem(json(response), status, code, field);
    }

    /** Does the same for a response that was read byte by byte. */
    static void assertProblem(RawHttp.Answer answer, int status, String code, String field) {
        assertThat(answer.status()).as(answer.body()).isEqualTo(status);
        assertThat(answer.headers()).containsEntry("Content-Type", "application/problem+json");
        assertProblem(answer.json(), status, code, field);
    }

    /** Does the same for a problem inside another document. */
    static void assertProblem(JsonNode problem, int status, String code, String field) {
        assertThat(problem.path("status").asInt()).as(problem.toString()).isEqualTo(status);
        assertThat(problem.path("code").asText()).as(problem.toString()).isEqualTo(code);
        assertThat(problem.path("type").asText()).isEqualTo("urn:problem-type:stream-locks:" + code);
        assertThat(problem.path("title").asText()).isNotBlank();
        assertThat(problem.path("detail").asText()).isNotBlank();
        assertThat(problem.path("field").asText(null)).as(problem.toString()).isEqualTo(field);
    }
}
