package io.streamlocks.client;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;

import com.sun.net.httpserver.HttpExchange;
import io.streamlocks.client.generated.model.AcquireRequest;
import io.streamlocks.client.generated.model.BatchRenewItem;
import io.streamlocks.client.generated.model.BatchRenewRequest;
import io.streamlocks.client.generated.model.Lease;
import io.streamlocks.client.generated.model.LossReason;
import io.streamlocks.client.generated.model.ReleaseRequest;
import io.streamlocks.client.generated.model.RenewRequest;
import java.io.IOException;
import java.net.URI;
import java.net.URLDecoder;
import java.time.OffsetDateTime;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.UUID;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.CyclicBarrier;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** Tests how calls are sent, and how answers are read. */
class CoordinatorHttpTest extends ScriptedServer {

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            quoteCharacter = '`',
            value = {
                "orders/eu    | orders%2Feu",
                "%            | %25",
                "%2F          | %252F",
                "a b          | a%20b",
                "a+b          | a%2Bb",
                "*            | *",
                "~            | %7E",
                "a:b          | a%3Ab",
                "a;b=c        | a%3Bb%3Dc",
                "a?b&c        | a%3Fb%26c",
                "#            | %23",
                "a\\b$1       | a%5Cb%241",
                "`{streamId}` | %7BstreamId%7D",
                "\uD83D\uDE80 | %F0%9F%9A%80",
                "e\u0301      | e%CC%81",
                "//           | %2F%2F",
                ".            | .",
                "..           | ..",
                "../..        | ..%2F..",
                "acquire      | acquire"
            })
    void aStreamIdIsOneSegmentOfThePath(String streamId, String segment) throws Exception {
        answer(exchange -> reply(exchange, 200, "application/json", String.format(Locale.ROOT, LEASE, "s")));

        client.locks().acquireLock(streamId, new AcquireRequest().ownerId("pod-1"));
        client.locks().renewLock(streamId, new RenewRequest().leaseId(UUID.randomUUID()));
        client.locks().getLock(streamId);

        assertThat(exchanges)
                .extracting(exchange -> exchange.getRequestURI().toString())
                .containsExactly(
                        "/v1/locks/" + segment + "/acquire", "/v1/locks/" + segment + "/renew", "/v1/locks/" + segment);
        assertThat(URLDecoder.decode(segment, UTF_8)).isEqualTo(streamId);
    }

    @Test
    void aStreamIdOf255EmojiArrivesWhole() throws Exception {
        var streamId = "\uD83D\uDE80".repeat(255);
        answer(exchange ->
                reply(exchange, 200, "application/json", String.format(Locale.ROOT, LEASE, segment(exchange))));

        var lease = client.locks().acquireLock(streamId, new AcquireRequest().ownerId("pod-1"));

        assertThat(lease.getStreamId()).isEqualTo(streamId);
    }

    @Test
    void filtersOfTheListAreEncoded() throws Exception {
        answer(exchange -> reply(exchange, 200, "application/json", "{\"locks\": []}"));

        client.locks().listLocks("pod &1", "a/b+%", 10, "x=");

        assertThat(exchanges.remove().getRequestURI())
                .hasToString("/v1/locks?ownerId=pod%20%261&prefix=a%2Fb%2B%25&pageSize=10&pageToken=x%3D");
    }

    @Test
    void aPathInTheBaseUriComesFirst() throws Exception {
        answer(exchange -> reply(exchange, 200, "application/json", String.format(Locale.ROOT, LEASE, "s")));

        try (var behindAProxy = CoordinatorHttp.connect(uri().resolve("/team%20a/locks/"))) {
            behindAProxy.locks().getLock("s");
        }

        assertThat(exchanges.remove().getRequestURI()).hasToString("/team%20a/locks/v1/locks/s");
    }

    @Test
    void halfOfASurrogatePairIsRefusedBeforeAnythingIsSent() {
        answer(exchange -> reply(exchange, 200, "application/json", String.format(Locale.ROOT, LEASE, "s")));
        var renewals = new BatchRenewRequest()
                .addItemsItem(new BatchRenewItem().streamId("\uD83D").leaseId(UUID.randomUUID()));

        assertThatIllegalArgumentException().isThrownBy(() -> client.locks().getLock("\uD83D"));
        assertThatIllegalArgumentException().isThrownBy(() -> client.locks().renewLocks(renewals));

        assertThat(exchanges).isEmpty();
    }

    @Test
    void nothingIsSentThatWasNotAskedFor() throws Exception {
        answer(exchange -> {
            exchange.getResponseHeaders().add("Set-Cookie", "session=1; Path=/");
            reply(exchange, 200, "application/json", String.format(Locale.ROOT, LEASE, "s"));
        });

        client.locks().getLock("s");
        client.locks().getLock("s");

        assertThat(exchanges).hasSize(2).allSatisfy(exchange -> assertThat(exchange.getRequestHeaders())
                .containsOnlyKeys("Accept", "Connection", "Content-length", "Content-type", "Host", "User-agent")
                .containsEntry("Accept", List.of("application/json"))
                .containsEntry("Connection", List.of("keep-alive"))
                .containsEntry("User-agent", List.of("stream-lock-coordinator-client")));
    }

    @Test
    void callsOneAfterTheOtherShareAConnection() throws Exception {
        answer(exchange -> reply(exchange, 200, "application/json", String.format(Locale.ROOT, LEASE, "s")));

        client.locks().getLock("s");
        client.locks().getLock("s");

        assertThat(exchanges)
                .extracting(HttpExchange::getRemoteAddress)
                .hasSize(2)
                .containsOnly(exchanges.peek().getRemoteAddress());
    }

    @Test
    void aLeaseIsReadExactly() throws Exception {
        answer(exchange ->
                reply(exchange, 200, "application/json", String.format(Locale.ROOT, LEASE, "\uD83D\uDE80/\u00FC")));

        var lease = client.locks().acquireLock("s", new AcquireRequest().ownerId("pod-1"));

        assertThat(lease)
                .isEqualTo(new Lease()
                        .streamId("\uD83D\uDE80/\u00FC")
                        .ownerId("pod-1")
                        .leaseId(UUID.fromString("5f0c1c5e-5a0a-4f5e-9d57-3f8f1f8f6f10"))
                        .fencingToken(9007199254740991L)
                        .ttlMs(30_000L)
                        .acquiredAt(OffsetDateTime.parse("2026-01-31T12:00:00.000001Z"))
                        .expiresAt(OffsetDateTime.parse("2026-01-31T12:00:30.000001Z"))
                        .expiresInMs(29_998L));
    }

    @Test
    void fieldsLeftOutOfARequestAreNotSentAsNull() throws Exception {
        var bodies = new ConcurrentLinkedQueue<String>();
        answer(exchange -> {
            bodies.add(new String(exchange.getRequestBody().readAllBytes(), UTF_8));
            reply(exchange, 200, "application/json", String.format(Locale.ROOT, LEASE, "s"));
        });

        client.locks().acquireLock("s", new AcquireRequest().ownerId("pod-\u00FC"));

        assertThat(bodies).containsExactly("{\"ownerId\":\"pod-\u00FC\"}");
    }

    @Test
    void newFieldsAndReasonsInAnAnswerAreTolerated() throws Exception {
        answer(exchange -> reply(exchange, 200, "application/json", """
                {"new": {"a": [1]}, "results": [{"status": 410, "newer": null, "problem": {
                  "type": "urn:problem-type:stream-locks:lease-lost", "title": "t", "status": 410,
                  "code": "lease-lost", "detail": "d", "reason": "evicted", "newest": true}}]}"""));

        var results = client.locks().renewLocks(new BatchRenewRequest()).getResults();

        assertThat(results).singleElement().satisfies(result -> {
            assertThat(result.getStatus()).isEqualTo(410);
            assertThat(result.getLease()).isNull();
            assertThat(result.getProblem().getCode()).isEqualTo("lease-lost");
            assertThat(result.getProblem().getReason()).isEqualTo(LossReason.UNKNOWN_DEFAULT_OPEN_API);
        });
    }

    @Test
    void aReleaseIsAnsweredWithoutABody() throws Exception {
        answer(exchange -> {
            exchange.sendResponseHeaders(204, -1);
            exchange.close();
        });

        client.locks().releaseLock("s", new ReleaseRequest().leaseId(UUID.randomUUID()));

        assertThat(exchanges).hasSize(1);
    }

    @Test
    void theDocumentAndThePageAreText() throws Exception {
        answer(exchange -> {
            var yaml = exchange.getRequestURI().getPath().equals("/openapi.yaml");
            reply(exchange, 200, yaml ? "application/yaml" : "text/html", "\u00FC");
        });

        assertThat(client.operations().getOpenApi()).isEqualTo("\u00FC");
        assertThat(client.operations().getDocs()).isEqualTo("\u00FC");
    }

    @Test
    void sixtyFourThreadsEachGetTheirOwnAnswers() throws Exception {
        var together = new CyclicBarrier(64);
        answer(exchange -> {
            awaitAll(together);
            reply(exchange, 200, "application/json", String.format(Locale.ROOT, LEASE, segment(exchange)));
        });

        List<Future<List<String>>> answers = new ArrayList<>();
        for (var thread = 0; thread < 64; thread++) {
            var name = "stream " + thread;
            answers.add(threads.submit(() -> {
                List<String> seen = new ArrayList<>();
                for (var round = 0; round < 20; round++) {
                    seen.add(client.locks().getLock(name + " " + round).getStreamId());
                }
                return seen;
            }));
        }

        for (var thread = 0; thread < 64; thread++) {
            var seen = answers.get(thread).get();
            for (var round = 0; round < 20; round++) {
                assertThat(seen.get(round)).isEqualTo("stream " + thread + " " + round);
            }
        }
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "/locks",
                "localhost:8080",
                "ftp://host",
                "http:///x",
                "http://u:p@host",
                "http://h?q",
                "http://h#f"
            })
    void aBaseUriThatCannotBeOneIsRefused(String uri) {
        assertThatIllegalArgumentException().isThrownBy(() -> CoordinatorHttp.connect(URI.create(uri)));
    }

    private static void awaitAll(CyclicBarrier barrier) throws IOException {
        try {
            barrier.await(10, TimeUnit.SECONDS);
        } catch (Exception e) {
            throw new IOException(e);
        }
    }
}
