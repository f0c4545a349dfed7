package io.streamlocks.coordinator.http;

import io.javalin.http.Context;
import io.streamlocks.coordinator.limit.OwnerCap;
import io.streamlocks.coordinator.lock.OverloadedException;
import io.streamlocks.coordinator.telemetry.Refusal;
import io.streamlocks.coordinator.telemetry.Telemetry;
import jakarta.servlet.ServletOutputStream;
import jakarta.servlet.WriteListener;
import jakarta.servlet.http.HttpServletResponse;
import java.io.IOException;
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
import java.util.function.Function;
import java.util.function.Supplier;

/** What is read from a request and written to a response, the same for all routes. */
final class Exchange {

    /** Of {@code /v1/locks/{streamId}/acquire} and {@code /v1/owners/{ownerId}/break}, split at each slash. */
    private static final int ID_SEGMENT = 3;

    private static final Duration RETRY_STORAGE_AFTER = Duration.ofSeconds(1);

    /**
     * To make an answer of so many items takes about as long as to wake another thread up for it. It is as many as a
     * client sends together that shares its requests, and holds others up no longer than so many single calls do.
     */
    private static final int FEW_ITEMS = 40;

    /** What is sent at once of a long answer. */
    private static final int PIECE_BYTES = 32 * 1024;

    private final Executor threads;
    private final HeldBytes held;
    private final Telemetry telemetry;

    /**
     * @param threads make the answers of many items
     * @param held counts answers of any size until they are sent
     * @param telemetry counts what is refused
     */
    Exchange(Executor threads, HeldBytes held, Telemetry telemetry) {
        this.threads = threads;
        this.held = held;
        this.telemetry = telemetry;
    }

    /** Reads the body, which must be JSON of this type. */
    static <T> T body(Context ctx, Class<T> type) {
        return Json.read(body(ctx), type);
    }

    /** The body, which must be said to be JSON. */
    static byte[] body(Context ctx) {
        // Not by the framework, which looks up the charset and fails if it has never heard of it.
        String contentType = ctx.header("Content-Type");
        if (!"application/json".equals(contentType) && !isJson(contentType)) {
            throw new ProblemException(Problem.ofField(
                    ProblemType.UNSUPPORTED_MEDIA_TYPE, "Content-Type", "Send the body as application/json."));
        }
        String encoding = ctx.header("Content-Encoding");
        if (encoding != null && !encoding.trim().equalsIgnoreCase("identity")) {
            throw new ProblemException(Problem.ofField(
                    ProblemType.UNSUPPORTED_MEDIA_TYPE,
                    "Content-Encoding",
                    "Send the body as it is, without Content-Encoding: " + Fields.shown(encoding) + "."));
        }
        return BodyReader.body(ctx.req());
    }

    private static boolean isJson(String contentType) {
        String mediaType = contentType == null ? "" : contentType.split(";", 2)[0].trim();
        return mediaType.toLowerCase(Locale.ROOT).equals("application/json");
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
        // Jetty has put it in place of bytes that are not UTF-8, which would make one id of two. Sent in good faith, it
        // is percent-encoded.
        if (encoded.indexOf('\uFFFD') >= 0) {
            throw ProblemException.invalid(field, field + " must be UTF-8, percent-encoded.");
        }
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

    /** Answers once the outcome is known. No thread waits for that. The answer must be that of one stream. */
    static <T> void respond(Context ctx, Supplier<CompletableFuture<T>> call, Function<T, Object> body) {
        ctx.future(() -> call.get().thenCompose(outcome -> respondWith(ctx, body.apply(outcome))));
    }

    /**
     * As {@link #respond(Context, Supplier, Function)}, for an answer of any size: to make one of many items holds up
     * nobody else, and many that are not read do not use up the memory.
     *
     * @param items how many the answer has at most
     */
    <T> void respondAtLength(Context ctx, int items, Supplier<CompletableFuture<T>> call, Function<T, Object> body) {
        Executor maker = items <= FEW_ITEMS ? Runnable::run : threads;
        ctx.future(() -> call.get().handleAsync(Exchange::outcomeOf, maker).thenCompose(outcome -> {
            Object answer = body.apply(outcome);
            return answer instanceof LockTable table
                    ? sendHeld(ctx, LockTable.CONTENT_TYPE, table.text().getBytes(StandardCharsets.UTF_8))
                    : sendHeld(ctx, "application/json", Json.write(answer));
        }));
    }

    private CompletableFuture<Void> sendHeld(Context ctx, String contentType, byte[] body) {
        String caller = Access.caller(ctx);
        if (!held.grow(caller, 0, body.length)) {
            telemetry.refused(Refusal.ANSWER_MEMORY);
            throw new OverloadedException(
                    "The answers not read yet, of this caller or of all, use up the memory for them");
        }
        try {
            return send(ctx.status(200), contentType, body)
                    .whenComplete((sent, failure) -> held.giveBack(caller, body.length));
        } catch (RuntimeException e) {
            held.giveBack(caller, body.length);
            throw e;
        }
    }

    private static <T> T outcomeOf(T outcome, Throwable failure) {
        if (failure != null) {
            throw new CompletionException(failure);
        }
        return outcome;
    }

    private static CompletableFuture<Void> respondWith(Context ctx, Object body) {
        if (body instanceof Problem problem) {
            return respond(ctx, problem);
        }
        if (!(body instanceof Responses.Result result)) {
            return respond(ctx, body);
        }
        if (result.problem() != null) {
            return respond(ctx, result.problem());
        }
        if (result.lease() != null) {
            return respond(ctx, result.lease());
        }
        ctx.status(result.status());
        // There is no body; the framework would set its default.
        ctx.res().setContentType(null);
        return CompletableFuture.completedFuture(null);
    }

    /** Answers with success and this, which is done when it is sent. */
    static CompletableFuture<Void> respond(Context ctx, Object body) {
        return send(ctx.status(200), "application/json", Json.write(body));
    }

    /** The same with a problem. */
    static CompletableFuture<Void> respond(Context ctx, Problem problem) {
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
        return send(
                ctx.status(problem.status()),
                Problem.CONTENT_TYPE,
                Json.write(new Responses.Refusal(problem, Call.of(ctx).requestId())));
    }

    /** As {@link #send}, for a handler that has nothing to wait for before. */
    static void respond(Context ctx, String contentType, byte[] body) {
        ctx.future(() -> send(ctx, contentType, body));
    }

    /**
     * Sends a body, without a thread that waits until the client has taken it. Past the framework, which waits, and
     * copies each result by way of a new buffer of 32 kB.
     *
     * @return done when it is sent, or cannot be since the client has gone
     */
    private static CompletableFuture<Void> send(Context ctx, String contentType, byte[] body) {
        HttpServletResponse response = ctx.contentType(contentType).res();
        CompletableFuture<Void> sent = new CompletableFuture<>();
        try {
            ServletOutputStream out = response.getOutputStream();
            if (body.length < response.getBufferSize()) {
                // It fits into the buffer, which is sent when the request is done with. Told the length, Jetty would
                // know that this is all, and wait here until it is sent.
                out.write(body);
                sent.complete(null);
            } else {
                response.setBufferSize(PIECE_BYTES);
                response.setContentLength(body.length);
                out.setWriteListener(new LongAnswer(out, body, sent));
            }
        } catch (IOException e) {
            // The client has gone, so there is nobody to tell.
            sent.complete(null);
        }
        return sent;
    }

    /** Sends an answer that does not fit into the buffer. Called by one thread at a time. */
    private static final class LongAnswer implements WriteListener {

        private final ServletOutputStream out;
        private final byte[] body;
        private final CompletableFuture<Void> sent;
        private boolean begun;

        LongAnswer(ServletOutputStream out, byte[] body, CompletableFuture<Void> sent) {
            this.out = out;
            this.body = body;
            this.sent = sent;
        }

        @Override
        public void onWritePossible() throws IOException {
            if (!begun) {
                begun = true;
                out.write(body);
            }
            if (out.isReady()) {
                sent.complete(null);
            }
        }

        @Override
        public void onError(Throwable failure) {
            // The client has gone, so there is nobody to tell.
            sent.complete(null);
        }
    }

    /** Whole seconds, rounded up: a client that came back a moment too early would have to wait again. */
    static String seconds(long millis) {
        return Long.toString(Math.max(1, (millis + 999) / 1000));
    }
}
