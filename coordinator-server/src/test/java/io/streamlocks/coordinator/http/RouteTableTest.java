package io.streamlocks.coordinator.http;

import static org.assertj.core.api.Assertions.assertThat;

import io.streamlocks.coordinator.access.Permission;
import io.streamlocks.coordinator.http.jetty.RouteLimits;
import java.time.Duration;
import java.util.concurrent.CompletableFuture;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class RouteTableTest {

    private static final RouteLimits LONG = new RouteLimits(Duration.ofMinutes(1), 10);

    private static final RouteHandler NONE = call -> CompletableFuture.completedFuture(Response.Empty.INSTANCE);

    private final RouteTable table = new RouteTable(Duration.ofSeconds(30));

    RouteTableTest() {
        table.postDirect("/v1/fixed", Permission.HOLD, LONG, NONE);
        table.postDirect("/v1/locks/{streamId}/acquire", Permission.HOLD, LONG, NONE);
        table.postDirect("/v1/last/{id}", Permission.HOLD, LONG, NONE);
        table.get("/v1/long", Permission.LOOK, LONG, NONE);
        table.get("/v1/short", Permission.LOOK, NONE);
        table.getForManagement("/second", Permission.OPEN, NONE);
        table.getForManagement("/first", Permission.OPEN, NONE);
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
    void aCallIsTakenByItsRouteWithItsLimits(String path) {
        assertThat(table.limits("POST", path)).isEqualTo(LONG);
        assertThat(table.direct("POST", path)).isPresent();
        assertThat(table.limits("GET", path)).isEqualTo(table.standardLimits());
        assertThat(table.direct("GET", path)).isEmpty();
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
    void noRouteTakesAnyOtherPath(String path) {
        assertThat(table.limits("POST", path)).isEqualTo(table.standardLimits());
        assertThat(table.direct("POST", path)).isEmpty();
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
