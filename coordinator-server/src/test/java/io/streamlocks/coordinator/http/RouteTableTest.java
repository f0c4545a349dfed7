package io.streamlocks.coordinator.http;

import static org.assertj.core.api.Assertions.assertThat;

import io.streamlocks.coordinator.access.Permission;
import io.streamlocks.coordinator.http.jetty.RouteLimits;
import java.time.Duration;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class RouteTableTest {

    private static final RouteLimits LONG = new RouteLimits(Duration.ofMinutes(1), 10);

    private final RouteTable table = new RouteTable(Duration.ofSeconds(30));

    RouteTableTest() {
        table.post("/v1/fixed", Permission.HOLD, LONG, ctx -> {});
        table.post("/v1/locks/{streamId}/acquire", Permission.HOLD, LONG, ctx -> {});
        table.post("/v1/last/{id}", Permission.HOLD, LONG, ctx -> {});
        table.get("/v1/long", Permission.LOOK, LONG, ctx -> {});
        table.get("/v1/short", Permission.LOOK, ctx -> {});
        table.getForManagement("/second", Permission.OPEN, ctx -> {});
        table.getForManagement("/first", Permission.OPEN, ctx -> {});
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "/v1/fixed",
                "/v1/locks/s/acquire",
                "/v1/locks/a%2Fb/acquire",
                "/v1/locks/acquire/acquire",
                "/v1/last/x"
            })
    void aPathOfARouteHasItsLimits(String path) {
        assertThat(table.limits("POST", path)).isEqualTo(LONG);
        assertThat(table.limits("GET", path)).isEqualTo(table.standardLimits());
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "/",
                "/v1/fixed/",
                "/v1/fixed2",
                "/v1/locks//acquire",
                "/v1/locks/acquire",
                "/v1/locks/s/acquire/",
                "/v1/locks/a/b/acquire",
                "/v1/locks/s/release",
                "/v1/last/",
                "/v1/last/x/y",
                "/v2/locks/s/acquire"
            })
    void anyOtherPathHasTheStandardLimits(String path) {
        assertThat(table.limits("POST", path)).isEqualTo(table.standardLimits());
    }

    @Test
    void aHeadHasTheLimitsOfItsGet() {
        assertThat(table.limits("GET", "/v1/long")).isEqualTo(LONG);
        assertThat(table.limits("HEAD", "/v1/long")).isEqualTo(LONG);
        assertThat(table.limits("POST", "/v1/long")).isEqualTo(table.standardLimits());
        assertThat(table.limits("GET", "/v1/short")).isEqualTo(table.standardLimits());
    }

    @Test
    void thePathsOfTheManagementPortAreListedInTheOrderInWhichTheyWereAdded() {
        assertThat(table.managementPaths()).containsExactly("/second", "/first");
    }

    @Test
    void theStandardLimitsAreThoseOfASingleCall() {
        assertThat(table.standardLimits()).isEqualTo(new RouteLimits(Duration.ofSeconds(30), 64 * 1024));
    }
}
