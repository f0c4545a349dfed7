package io.streamlocks.coordinator.http;

import static io.streamlocks.coordinator.http.ProblemAssertions.assertProblem;
import static io.streamlocks.coordinator.http.ProblemAssertions.json;
import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import io.restassured.response.Response;
import io.restassured.specification.RequestSpecification;
import io.streamlocks.coordinator.http.ContractBounds.Bound;
import java.time.Duration;
import java.util.List;
import org.junit.jupiter.api.AutoClose;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** The server accepts the last value within each bound of the contract, and refuses the first beyond by its name. */
class ContractBoundsTest {

    @AutoClose
    private static final TestServer SERVER = TestServer.withMaxTtl(Duration.ofDays(1));

    static List<Bound> bounds() {
        return ContractBounds.all();
    }

    @Test
    void theBoundsAreFound() {
        assertThat(bounds())
                .extracting(Bound::toString)
                .contains(
                        "GET /v1/locks: maximum of pageSize",
                        "GET /v1/history: minimum of pageSize",
                        "POST /v1/batch/renew: maxItems of items",
                        "POST /v1/batch/acquire: maximum of items[0].ttlMs",
                        "POST /v1/locks/{streamId}/acquire: maxProperties of labels",
                        "POST /v1/locks/{streamId}/break: maximum of delayMs",
                        "PUT /v1/groups/{groupId}/members/{ownerId}: maximum of capacity",
                        "POST /v1/owners/{ownerId}/break: minLength of reason");
    }

    @ParameterizedTest
    @MethodSource("bounds")
    void theLastValueIsAccepted(Bound bound) {
        if (bound.within() == null) {
            return;
        }
        Response response = send(bound, bound.within());
        // The request was valid, and the stream was not locked, or the lease did not exist.
        assertThat(response.statusCode()).as(response.asString()).isIn(200, 204, 404, 410);
        if (response.statusCode() == 200 && json(response).has("results")) {
            JsonNode results = json(response).get("results");
            assertThat(results).isNotEmpty().allSatisfy(result -> assertThat(
                            result.get("status").asInt())
                    .as(result.toString())
                    .isIn(200, 204, 410));
        }
    }

    @ParameterizedTest
    @MethodSource("bounds")
    void theFirstBeyondIsRefused(Bound bound) {
        Response response = send(bound, bound.beyond());
        if (response.statusCode() == 200) {
            JsonNode results = json(response).get("results");
            assertThat(results).as(response.asString()).hasSize(1);
            assertProblem(results.get(0).get("problem"), 400, "invalid-field", bound.field());
        } else {
            assertProblem(response, 400, "invalid-field", bound.field());
        }
    }

    private static Response send(Bound bound, Object value) {
        String path = bound.path(value);
        RequestSpecification request = SERVER.request(OpenApiFilter.ofResponses());
        if (bound.target().body() != null) {
            request.contentType("application/json").body(Json.write(bound.body(value)));
        }
        return request.request(bound.target().method(), path);
    }
}
