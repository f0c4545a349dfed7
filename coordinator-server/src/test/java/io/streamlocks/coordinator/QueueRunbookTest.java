package io.streamlocks.coordinator;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import io.streamlocks.coordinator.docs.Markdown;
import io.streamlocks.testkit.rig.TestDatabase;
import java.net.http.HttpResponse;
import java.util.UUID;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import org.jooq.DSLContext;
import org.jooq.Record;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;

/** Runs the SQL of "A queue does not move" in docs/operations.md. */
@Tag("postgres")
class QueueRunbookTest {

    private static final String STREAM = "orders/eu";
    private static final String PATH = "orders%2Feu";
    private static final Pattern BY_HAND = Pattern.compile("`(SELECT stream_lock_advance\\('orders/eu'\\))`");

    @Test
    void theQueryShowsWhoWaitsAndTheStatementHandsTheStreamOver() throws Exception {
        try (TestDatabase database = TestDatabase.empty();
                Coordinator coordinator = TestCoordinator.onPostgres(database.url())) {
            coordinator.ready().get(20, TimeUnit.SECONDS);
            HttpCalls calls = HttpCalls.to(coordinator);
            long held = HttpCalls.fencingToken(calls.acquire(PATH, UUID.randomUUID()));
            CompletableFuture<HttpResponse<String>> waits =
                    calls.postAsync("/v1/locks/" + PATH + "/acquire", "{\"ownerId\":\"waiter\",\"waitMs\":20000}");
            await().until(() ->
                    calls.get("/v1/locks/" + PATH + "/waiters").body().contains("waiter"));

            Record place = database.sql()
                    .fetchSingle(Runbook.sql("A queue does not move").get(0));
            assertThat(place.get("stream_id", String.class)).isEqualTo(STREAM);
            assertThat(place.get("owner_id", String.class)).isEqualTo("waiter");
            assertThat(place.get("holder", String.class)).isEqualTo("tester");
            assertThat(place.get("calls", String.class)).doesNotStartWith("-");

            // The server would hand the stream over as well, but not while this transaction has its row locked.
            database.sql().transaction(transaction -> {
                DSLContext sql = transaction.dsl();
                sql.execute("UPDATE stream_locks SET expires_at = clock_timestamp() WHERE stream_id = ?", STREAM);
                sql.execute(byHand());
                assertThat(sql.fetchSingle("SELECT owner_id FROM stream_locks").get(0, String.class))
                        .isEqualTo("waiter");
            });
            assertThat(HttpCalls.fencingToken(waits.get(20, TimeUnit.SECONDS))).isGreaterThan(held);
            assertThat(database.sql().fetch(Runbook.sql("A queue does not move").get(0)))
                    .isEmpty();
        }
    }

    private static String byHand() throws Exception {
        String page = Markdown.read("docs/operations.md").lines().stream().collect(Collectors.joining("\n"));
        return BY_HAND.matcher(page)
                .results()
                .map(statement -> statement.group(1))
                .findFirst()
                .orElseThrow();
    }
}
