package io.streamlocks.coordinator.http;

import io.streamlocks.coordinator.access.Permission;
import io.streamlocks.coordinator.http.jetty.Call;
import io.streamlocks.coordinator.lock.EndReason;
import io.streamlocks.coordinator.lock.GrantPage;
import io.streamlocks.coordinator.lock.HistoryQuery;
import io.streamlocks.coordinator.lock.StatementKind;
import io.streamlocks.coordinator.lock.StreamHistoryQuery;
import io.streamlocks.coordinator.lock.group.GroupCommit;
import java.time.Instant;
import java.time.OffsetDateTime;
import java.time.format.DateTimeParseException;
import java.util.Arrays;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Collectors;

/** The calls that return who was granted what, and how that ended. */
final class HistoryRoutes {

    private static final Set<String> STREAM_PARAMETERS = Set.of("at", Paging.PAGE_SIZE, Paging.PAGE_TOKEN);
    private static final Set<String> PARAMETERS =
            Set.of("ownerId", "prefix", "since", "until", "endReason", Paging.PAGE_SIZE, Paging.PAGE_TOKEN);

    /** A fencing token. Where the order is by time, the time of the grant in microseconds stands before it. */
    private static final Pattern POSITION = Pattern.compile("(?:([0-9]{1,18})\\.)?([0-9]{1,16})");

    private static final long MIN_SECOND = 0;
    private static final long MAX_SECOND =
            OffsetDateTime.parse("9999-12-31T23:59:59Z").toEpochSecond() + 1;

    private static final int MICROS_PER_SECOND = 1_000_000;
    private static final int NANOS_PER_MICRO = 1000;

    private final GroupCommit locks;
    private final Responder responder;

    HistoryRoutes(GroupCommit locks, Responder responder) {
        this.locks = locks;
        this.responder = responder;
    }

    void register(RouteTable routes) {
        routes.get("/v1/locks/{streamId}/history", Permission.READ, this::ofStream);
        routes.get("/v1/history", Permission.READ, this::list);
    }

    private CompletableFuture<? extends Response> ofStream(Call call) {
        String streamId = Input.streamId(call);
        Map<String, String> parameters = Input.query(call, STREAM_PARAMETERS);
        StreamHistoryQuery query = new StreamHistoryQuery(
                streamId,
                instant(parameters, "at"),
                Paging.position(parameters, HistoryRoutes::fencingTokenOf).orElse(Long.MAX_VALUE),
                Paging.pageSize(parameters));
        String caller = Access.caller(call);
        return responder.atLength(
                call,
                query.pageSize(),
                locks.read(caller, StatementKind.HISTORY, reads -> reads.history(query)),
                page -> Bodies.GrantPageBody.of(page, next -> Paging.tokenOf(Long.toString(next.fencingToken()))));
    }

    private CompletableFuture<? extends Response> list(Call call) {
        Map<String, String> parameters = Input.query(call, PARAMETERS);
        HistoryQuery query = new HistoryQuery(
                Optional.ofNullable(parameters.get("ownerId")).map(value -> Fields.id("ownerId", value)),
                Optional.ofNullable(parameters.get("prefix"))
                        .map(value -> Fields.id("prefix", value))
                        .orElse(""),
                instant(parameters, "since"),
                instant(parameters, "until"),
                Optional.ofNullable(parameters.get("endReason")).map(HistoryRoutes::endReason),
                Paging.position(parameters, HistoryRoutes::positionOf),
                Paging.pageSize(parameters));
        Access.of(call).requireAllStreamsOf(query.prefix());
        String caller = Access.caller(call);
        return responder.atLength(
                call,
                query.pageSize(),
                locks.read(caller, StatementKind.HISTORY, reads -> reads.history(query)),
                page -> Bodies.GrantPageBody.of(page, next -> Paging.tokenOf(positionText(next))));
    }

    private static Optional<Instant> instant(Map<String, String> parameters, String name) {
        String value = parameters.get(name);
        if (value == null) {
            return Optional.empty();
        }
        try {
            Instant instant = OffsetDateTime.parse(value).toInstant();
            if (instant.getEpochSecond() >= MIN_SECOND && instant.getEpochSecond() < MAX_SECOND) {
                return Optional.of(instant);
            }
        } catch (DateTimeParseException e) {
            // This is refused below, like a time out of range.
        }
        throw ProblemException.invalid(
                name, name + " must be a time such as 2026-01-31T12:00:00Z, in the years 1970 to 9999.");
    }

    private static EndReason endReason(String value) {
        return Arrays.stream(EndReason.values())
                .filter(reason -> Bodies.name(reason).equals(value))
                .findFirst()
                .orElseThrow(() -> ProblemException.invalid(
                        "endReason",
                        "endReason must be one of "
                                + Arrays.stream(EndReason.values())
                                        .map(Bodies::name)
                                        .collect(Collectors.joining(", "))
                                + "."));
    }

    /** Returns a position to the microsecond, which is the precision of the storage. */
    private static String positionText(GrantPage.Position position) {
        Instant at = position.acquiredAt();
        long micros = at.getEpochSecond() * MICROS_PER_SECOND + at.getNano() / NANOS_PER_MICRO;
        return micros + "." + position.fencingToken();
    }

    private static Optional<GrantPage.Position> positionOf(String text) {
        Matcher matcher = POSITION.matcher(text);
        if (!matcher.matches() || matcher.group(1) == null) {
            return Optional.empty();
        }
        long micros = Long.parseLong(matcher.group(1));
        Instant at = Instant.ofEpochSecond(
                Math.floorDiv(micros, MICROS_PER_SECOND),
                (long) Math.floorMod(micros, MICROS_PER_SECOND) * NANOS_PER_MICRO);
        return Optional.of(new GrantPage.Position(at, Long.parseLong(matcher.group(2))));
    }

    private static Optional<Long> fencingTokenOf(String text) {
        Matcher matcher = POSITION.matcher(text);
        return matcher.matches() && matcher.group(1) == null
                ? Optional.of(Long.parseLong(matcher.group(2)))
                : Optional.empty();
    }
}
