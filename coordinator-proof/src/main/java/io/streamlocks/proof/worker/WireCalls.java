package io.streamlocks.proof.worker;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import io.streamlocks.proof.history.Answer;
import io.streamlocks.proof.history.Call;
import io.streamlocks.proof.history.Kind;
import java.io.IOException;
import java.net.URLDecoder;
import java.net.URLEncoder;
import java.nio.charset.StandardCharsets;
import java.time.Instant;
import java.time.temporal.ChronoUnit;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.concurrent.atomic.AtomicLong;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/** Translates the requests of a client and their responses into calls. This class is thread-safe. */
final class WireCalls {

    private static final Pattern PATH = Pattern.compile("/v1/(?:locks/([^/]+)|batch)/(acquire|renew|release)");

    private final ObjectMapper json = new ObjectMapper();
    private final String owner;
    private final String streamPrefix;
    private final AtomicLong ids = new AtomicLong();

    /**
     * Makes a translator for one worker process.
     *
     * @param owner the worker process
     * @param streamPrefix the prefix of all streams of the run, which records leave out
     */
    WireCalls(String owner, String streamPrefix) {
        this.owner = owner;
        this.streamPrefix = streamPrefix;
    }

    /** Returns the calls of a request: a single one, or one for each item of a batch. */
    List<Call> read(String path, byte[] body, int via) throws IOException {
        Matcher matcher = PATH.matcher(path);
        if (!matcher.matches()) {
            throw new IOException("Not a call that a worker makes: " + path);
        }
        Kind kind = Kind.valueOf(matcher.group(2).toUpperCase(Locale.ROOT));
        JsonNode request = json.readTree(body);
        long waitMs = request.path("waitMs").asLong();
        if (matcher.group(1) != null) {
            return List.of(call(kind, URLDecoder.decode(matcher.group(1), StandardCharsets.UTF_8), request, via)
                    .waiting(waitMs));
        }
        List<Call> calls = new ArrayList<>();
        for (JsonNode item : request.get("items")) {
            calls.add(call(kind, item.get("streamId").asText(), item, via).waiting(waitMs));
        }
        return calls;
    }

    private Call call(Kind kind, String streamId, JsonNode request, int via) {
        return Call.sent(
                nextId(),
                owner,
                kind,
                streamId.substring(streamPrefix.length()),
                request.get("leaseId").asText(),
                via);
    }

    /** Returns a read about a lease. */
    Call reading(Kind kind, String stream, String lease, long token, int via) {
        return Call.reading(nextId(), owner, kind, stream, lease, via, token);
    }

    /** Returns the path of a call for one stream. */
    String path(Kind kind, String stream) {
        // URLEncoder encodes a space as a plus, which a path does not decode.
        String path = "/v1/locks/"
                + URLEncoder.encode(streamPrefix + stream, StandardCharsets.UTF_8)
                        .replace("+", "%20");
        return kind == Kind.LOOK ? path : path + "/" + kind;
    }

    /** Returns a new id for a call of this process. */
    String nextId() {
        return owner + "-" + ids.incrementAndGet();
    }

    /** Returns the calls with the results in a response. */
    List<Call> answered(List<Call> calls, String path, int status, byte[] body) {
        try {
            return read(calls, path, status, body);
        } catch (IOException | RuntimeException e) {
            return calls.stream()
                    .map(call -> call.answered(Answer.UNEXPECTED, "status " + status + ", " + e, 0))
                    .toList();
        }
    }

    private List<Call> read(List<Call> calls, String path, int status, byte[] body) throws IOException {
        if (path.startsWith("/v1/locks/")) {
            return List.of(answered(calls.get(0), status, body.length == 0 ? null : json.readTree(body)));
        }
        JsonNode results = status == 200 ? json.readTree(body).get("results") : null;
        List<Call> answered = new ArrayList<>();
        for (int i = 0; i < calls.size(); i++) {
            if (results == null) {
                answered.add(unanswered(calls.get(i), status, ""));
                continue;
            }
            JsonNode result = results.get(i);
            JsonNode what = result.has("lease") ? result.get("lease") : result.get("problem");
            answered.add(answered(calls.get(i), result.get("status").asInt(), what));
        }
        // The first grant ends the wait for the other streams.
        return answered.stream().anyMatch(Call::showsLease)
                ? answered.stream().map(call -> call.at(0)).toList()
                : answered;
    }

    private Call answered(Call call, int status, @Nullable JsonNode body) {
        // A lease and a lock name their stream. A problem without a lease does not.
        String of = body == null ? "" : body.path("streamId").asText();
        if (!of.isEmpty() && !of.equals(streamPrefix + call.stream())) {
            return call.answered(Answer.UNEXPECTED, "the response is for stream " + of, 0);
        }
        String code = body == null ? "" : body.path("code").asText();
        if (call.kind() == Kind.LOOK && (status == 200 || (status == 404 && code.equals("not-locked")))) {
            return looked(call, status == 200 ? body : null);
        }
        if (body != null && call.kind() == Kind.HISTORY && status == 200) {
            return read(call, body.get("grants"));
        }
        if (body != null && status == 200 && (call.kind() == Kind.ACQUIRE || call.kind() == Kind.RENEW)) {
            return call.answered(
                    call.kind() == Kind.ACQUIRE ? Answer.GRANTED : Answer.RENEWED,
                    null,
                    body.get("fencingToken").asLong(),
                    micros(body.get("acquiredAt").asText()),
                    micros(body.get("expiresAt").asText()),
                    body.get("ttlMs").asLong());
        }
        if (status == 204 && call.kind() == Kind.RELEASE) {
            return call.answered(Answer.RELEASED, null, 0);
        }
        if (body != null && status == 409 && code.equals("lock-held") && call.kind() == Kind.ACQUIRE) {
            JsonNode holder = body.get("holder");
            return call.answered(
                            Answer.HELD,
                            holder.get("ownerId").asText(),
                            holder.get("fencingToken").asLong())
                    .at(body.path("position").asInt());
        }
        if (body != null && status == 409 && code.equals("lock-awaited") && call.kind() == Kind.ACQUIRE) {
            return call.answered(Answer.AWAITED, null, 0)
                    .at(body.path("position").asInt());
        }
        if (status == 409 && code.equals("lease-id-used") && call.kind() == Kind.ACQUIRE) {
            return call.answered(Answer.USED, null, 0);
        }
        if (body != null && status == 410 && (call.kind() == Kind.RENEW || call.kind() == Kind.RELEASE)) {
            return call.answered(Answer.LOST, body.path("reason").asText("none"), 0);
        }
        return unanswered(call, status, code);
    }

    /** Returns a read of the stream with its result. The lock is null if the stream is free. */
    private static Call looked(Call call, @Nullable JsonNode lock) {
        if (lock == null) {
            return call.answered(Answer.LOST, "not-locked", call.token());
        }
        long token = lock.get("fencingToken").asLong();
        if (token != call.token()) {
            return token > call.token()
                    ? call.answered(Answer.LOST, "superseded", token)
                    : call.answered(Answer.UNEXPECTED, "an earlier lease, token " + token, call.token());
        }
        return call.answered(
                Answer.LIVE,
                null,
                token,
                micros(lock.get("acquiredAt").asText()),
                micros(lock.get("expiresAt").asText()),
                lock.get("ttlMs").asLong());
    }

    private static Call read(Call call, JsonNode grants) {
        for (JsonNode grant : grants) {
            if (grant.get("fencingToken").asLong() == call.token()) {
                // A grant without an end may be live, or may have run out without a record.
                return grant.has("endedAt")
                        ? call.answered(
                                Answer.LOST,
                                grant.get("endReason").asText(),
                                call.token(),
                                micros(grant.get("acquiredAt").asText()),
                                micros(grant.get("endedAt").asText()),
                                0)
                        : call.answered(Answer.UNKNOWN, "no end", call.token());
            }
        }
        return call.answered(Answer.UNKNOWN, "not on the first page", call.token());
    }

    private static Call unanswered(Call call, int status, String code) {
        boolean isExpected = status == 503 || status == 429;
        return call.answered(
                isExpected ? Answer.UNKNOWN : Answer.UNEXPECTED, ("status " + status + " " + code).strip(), 0);
    }

    private static long micros(String time) {
        return ChronoUnit.MICROS.between(Instant.EPOCH, Instant.parse(time));
    }
}
