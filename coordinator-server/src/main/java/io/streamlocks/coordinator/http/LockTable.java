package io.streamlocks.coordinator.http;

import io.streamlocks.coordinator.http.jetty.Call;
import io.streamlocks.coordinator.lock.Lock;
import io.streamlocks.coordinator.lock.LockPage;
import io.streamlocks.coordinator.log.Printable;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.stream.Collectors;
import java.util.stream.Stream;

/** Writes a page of locks as a table of text, for a terminal. */
final class LockTable {

    private static final String CONTENT_TYPE = "text/plain;charset=utf-8";

    private static final List<String> HEADINGS =
            List.of("STREAM", "OWNER", "TOKEN", "HELD FOR", "TIME LEFT", "WAITING", "LABELS");

    private LockTable() {}

    /** Returns whether the client names text first. A client that accepts anything gets JSON. */
    static boolean isWanted(Call call) {
        String accept = call.header("Accept");
        return accept != null && accept.toLowerCase(Locale.ROOT).startsWith("text/plain");
    }

    static Response.Content of(LockPage page, Optional<String> nextPageToken) {
        List<List<String>> rows = Stream.concat(
                        Stream.of(HEADINGS), page.locks().stream().map(LockTable::row))
                .toList();
        String table = TextTable.of(rows);
        String text = nextPageToken
                .map(token -> table + "More with pageToken=" + token + "\n")
                .orElse(table);
        return new Response.Content(CONTENT_TYPE, text.getBytes(StandardCharsets.UTF_8));
    }

    private static List<String> row(Lock lock) {
        // Both times are on the clock of the storage.
        Duration held = Duration.between(lock.acquiredAt(), lock.expiresAt()).minus(lock.expiresIn());
        return List.of(
                Printable.of(lock.streamId()),
                Printable.of(lock.ownerId()),
                Long.toString(lock.fencingToken()),
                seconds(held),
                seconds(lock.expiresIn()),
                lock.waiting() == 0 ? "" : Integer.toString(lock.waiting()),
                lock.owner().labels().entrySet().stream()
                        .map(label -> Printable.of(label.getKey() + "=" + label.getValue()))
                        .collect(Collectors.joining(" ")));
    }

    private static String seconds(Duration duration) {
        return String.format(Locale.ROOT, "%.1f s", duration.toMillis() / 1000.0);
    }
}
