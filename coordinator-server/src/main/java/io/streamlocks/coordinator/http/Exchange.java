package io.streamlocks.coordinator.http;

import io.javalin.http.Context;
import io.streamlocks.coordinator.limit.OwnerCap;
import java.io.IOException;
import java.io.InputStream;
import java.nio.ByteBuffer;
import java.nio.charset.CharacterCodingException;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.HashMap;
import java.util.Locale;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import java.util.concurrent.Executor;
import java.util.concurrent.Semaphore;
import java.util.function.Function;
import java.util.function.Supplier;

/** What is read from a request and written to a response, the same for all routes. */
final class Exchange {

    static final int MAX_BODY_BYTES = 1024 * 1024;

    private static final int MAX_DISCARDED_BYTES = 16 * MAX_BODY_BYTES;

    /** Of {@code /v1/locks/{streamId}/acquire} and {@code /v1/owners/{ownerId}/break}, split at each slash. */
    private static final int ID_SEGMENT = 3;

    private static final Duration RETRY_STORAGE_AFTER = Duration.ofSeconds(1);

    /** How many refused bodies are waited for at once. */
    private static final Semaphore DISCARDS = new Semaphore(16);

    private static final Set<Integer> BEFORE_THE_BODY = Set.of(401, 403, 429);

    private final Executor threads;

    /**
     * @param threads make and write the answers that are long
     */
    Exchange(Executor threads) {
        this.threads = threads;
    }

    /** Reads the body, which must be JSON of this type. */
    static <T> T body(Context ctx, Class<T> type) {
        return Json.read(body(ctx), type);
    }

    /** The body, which must be said to be JSON. */
    static byte[] body(Context ctx) {
        String contentType = ctx.contentType();
        if (!"application/json".equals(contentType) && !isJson(contentType)) {
            throw new ProblemException(Problem.ofField(
                    ProblemType.UNSUPPORTED_MEDIA_TYPE, "Content-Type", "Send the body as application/json."));
        }
        return bytes(ctx);
    }

    private static boolean isJson(String contentType) {
        String mediaType = contentType == null ? "" : contentType.split(";", 2)[0].trim();
        return mediaType.toLowerCase(Locale.ROOT).equals("application/json");
    }

    private static byte[] bytes(Context ctx) {
        long length = ctx.req().getContentLengthLong();
        if (length > MAX_BODY_BYTES && ctx.header("Expect") != null) {
            // The client waits with the body, and getting the stream would tell it to go on.
            throw bodyTooLarge();
        }
        try (InputStream in = ctx.req().getInputStream()) {
            if (length >= 0 && length <= MAX_BODY_BYTES) {
                byte[] body = new byte[(int) length];
                if (in.readNBytes(body, 0, body.length) < body.length) {
                    throw endedEarly();
                }
                return body;
            }
            // One byte more than allowed, since a chunked body does not say its length beforehand.
            byte[] body = in.readNBytes(MAX_BODY_BYTES + 1);
            if (body.length > MAX_BODY_BYTES) {
                discard(in, MAX_DISCARDED_BYTES);
                throw bodyTooLarge();
            }
            return body;
        } catch (IOException e) {
            // The client went away or sent no HTTP; there may be nobody left to read the answer.
            throw endedEarly();
        }
    }

    private static ProblemException endedEarly() {
        return new ProblemException(Problem.of(ProblemType.BAD_REQUEST, "The body ended early."));
    }

    /** A client that is still sending when the connection ends would not see the answer, but a broken pipe. */
    private static void discard(InputStream in, int atMost) throws IOException {
        byte[] buffer = new byte[8192];
        for (int left = atMost; left > 0; left -= buffer.length) {
            if (in.readNBytes(buffer, 0, buffer.length) < buffer.length) {
                return;
            }
        }
    }

    /**
     * The same for a call that was refused before its body was read, unless the client waits with it. It may be anybody
     * who calls, and send his body as slowly as he likes: only a few threads wait for that.
     */
    private static void discardBody(Context ctx) {
        if (ctx.header("Expect") == null && DISCARDS.tryAcquire()) {
            try {
                discard(ctx.req().getInputStream(), MAX_BODY_BYTES);
            } catch (IOException e) {
                // The client has gone, so there is nobody to answer.
            } finally {
                DISCARDS.release();
            }
        }
    }

    private static ProblemException bodyTooLarge() {
        return new ProblemException(
                Problem.of(ProblemType.BODY_TOO_LARGE, "The body is over " + MAX_BODY_BYTES + " bytes."));
    }

    /**
     * The stream id of the path. Decoded here and strictly, from the path as sent: the framework's decoding turns
     * {@code %252B} into a plus sign and bytes that are not UTF-8 into question marks, and so would make two streams
     * one.
     */
    static String streamId(Context ctx) {
        return idOfPath(ctx, "streamId");
    }

    /** The owner id of the path, decoded as strictly. */
    static String ownerId(Context ctx) {
        return idOfPath(ctx, "ownerId");
    }

    private static String idOfPath(Context ctx, String field) {
        String[] segments = ctx.req().getRequestURI().split("/", -1);
        String id = Fields.id(field, percentDecoded(field, segments[ID_SEGMENT]));
        if (field.equals("streamId")) {
            Call.of(ctx).streamId(id);
        }
        return id;
    }

    /** The parameters of the query, decoded as strictly: a filter that was dropped would list everybody's locks. */
    static Map<String, String> query(Context ctx, Set<String> allowed) {
        Map<String, String> parameters = new HashMap<>();
        String query = ctx.req().getQueryString();
        for (String parameter : query == null || query.isEmpty() ? new String[0] : query.split("&", -1)) {
            String[] parts = parameter.replace("+", "%20").split("=", 2);
            String name = percentDecoded("query", parts[0]);
            if (!allowed.contains(name)) {
                String shown = name.isEmpty() ? "query" : Fields.shown(name);
                throw ProblemException.invalid(shown, shown + " is not a parameter of this call.");
            }
            String value = percentDecoded(name, parts.length == 1 ? "" : parts[1]);
            if (parameters.put(name, value) != null) {
                throw ProblemException.invalid(name, name + " must be given once only.");
            }
        }
        return parameters;
    }

    private static String percentDecoded(String field, String encoded) {
        byte[] raw = encoded.getBytes(StandardCharsets.UTF_8);
        ByteBuffer decoded = ByteBuffer.allocate(raw.length);
        for (int i = 0; i < raw.length; i++) {
            if (raw[i] != '%') {
                decoded.put(raw[i]);
            } else {
                int high = i + 2 < raw.length ? Character.digit(raw[i + 1], 16) : -1;
                int low = i + 2 < raw.length ? Character.digit(raw[i + 2], 16) : -1;
                if (high < 0 || low < 0) {
                    throw ProblemException.invalid(field, field + " must be percent-encoded: % and two hex digits.");
                }
                decoded.put((byte) (high << 4 | low));
                i += 2;
            }
        }
        try {
            return StandardCharsets.UTF_8.newDecoder().decode(decoded.flip()).toString();
        } catch (CharacterCodingException e) {
            throw ProblemException.invalid(field, field + " must be UTF-8, percent-encoded.");
        }
    }

    /** Answers once the outcome is known. No thread waits for that. The answer must be small enough to be sent at once. */
    static <T> void respond(Context ctx, Supplier<CompletableFuture<T>> call, Function<T, Object> body) {
        ctx.future(() -> call.get().thenAccept(outcome -> respondWith(ctx, body.apply(outcome))));
    }

    /**
     * As {@link #respond(Context, Supplier, Function)}, for an answer of any size: a client that is slow to read it holds
     * up nobody else.
     */
    <T> void respondAtLength(Context ctx, Supplier<CompletableFuture<T>> call, Function<T, Object> body) {
        respond(ctx, () -> call.get().handleAsync(Exchange::outcomeOf, threads), body);
    }

    private static <T> T outcomeOf(T outcome, Throwable failure) {
        if (failure != null) {
            throw new CompletionException(failure);
        }
        return outcome;
    }

    private static void respondWith(Context ctx, Object body) {
        if (body instanceof Responses.Result result) {
            respond(ctx, result);
        } else if (body instanceof Problem problem) {
            respond(ctx, problem);
        } else if (body instanceof LockTable table) {
            write(
                    ctx.status(200).contentType(LockTable.CONTENT_TYPE),
                    table.text().getBytes(StandardCharsets.UTF_8));
        } else {
            respond(ctx, body);
        }
    }

    private static void respond(Context ctx, Responses.Result result) {
        if (result.problem() != null) {
            respond(ctx, result.problem());
        } else if (result.lease() != null) {
            respond(ctx, result.lease());
        } else {
            ctx.status(result.status());
            // Of no body; the framework would set its default.
            ctx.res().setContentType(null);
        }
    }

    static void respond(Context ctx, Object body) {
        write(ctx.status(200).contentType("application/json"), Json.write(body));
    }

    static void respond(Context ctx, Problem problem) {
        if (BEFORE_THE_BODY.contains(problem.status())) {
            discardBody(ctx);
        }
        if (problem.code().equals(ProblemType.DRAINING.code())) {
            // Else a client would try again on the same connection, past a load balancer that knows better by now.
            ctx.header("Connection", "close");
        }
        if (problem.status() == 409 && problem.holder() != null) {
            ctx.header("Retry-After", seconds(problem.holder().expiresInMs()));
        } else if (problem.opensInMs() != null) {
            ctx.header("Retry-After", seconds(problem.opensInMs()));
        } else if (problem.status() == 503) {
            ctx.header("Retry-After", seconds(RETRY_STORAGE_AFTER.toMillis()));
        } else if (problem.code().equals(ProblemType.TOO_MANY_LEASES.code())) {
            ctx.header("Retry-After", seconds(OwnerCap.REFRESH_INTERVAL.toMillis()));
        } else if (problem.status() == 401) {
            ctx.header("WWW-Authenticate", "Bearer");
        }
        write(
                ctx.status(problem.status()).contentType(Problem.CONTENT_TYPE),
                Json.write(new Responses.Refusal(problem, Call.of(ctx).requestId())));
    }

    /** Past the framework, which copies each result by way of a new buffer of 32 kB. */
    private static void write(Context ctx, byte[] body) {
        ctx.res().setContentLength(body.length);
        try {
            ctx.res().getOutputStream().write(body);
        } catch (IOException e) {
            // The client has gone, so there is nobody to tell.
        }
    }

    /** Whole seconds, rounded up: a client that came back a moment too early would have to wait again. */
    static String seconds(long millis) {
        return Long.toString(Math.max(1, (millis + 999) / 1000));
    }
}
