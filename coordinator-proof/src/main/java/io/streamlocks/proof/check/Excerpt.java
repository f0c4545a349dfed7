package io.streamlocks.proof.check;

import io.streamlocks.proof.history.Call;
import io.streamlocks.proof.history.Grant;
import io.streamlocks.proof.history.Write;
import java.time.Instant;
import java.time.temporal.ChronoUnit;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;

/** Renders events that contradict each other as lines of text. */
final class Excerpt {

    private Excerpt() {}

    static Violation of(String rule, String stream, Object... events) {
        List<String> lines = new ArrayList<>();
        for (Object event : events) {
            lines.add(
                    event instanceof Call call
                            ? line(call)
                            : event instanceof Grant grant
                                    ? line(grant)
                                    : event instanceof Write write ? line(write) : String.valueOf(event));
        }
        return new Violation(rule, stream, lines);
    }

    private static String line(Call call) {
        StringBuilder line = new StringBuilder(String.format(
                Locale.ROOT,
                "%.6f..%s s  %s %s",
                call.start() / 1e9,
                call.end() == 0 ? "never" : String.format(Locale.ROOT, "%.6f", call.end() / 1e9),
                call.owner(),
                call.kind()));
        if (call.lease() == null) {
            line.append(" number ").append(call.number());
        } else {
            line.append(" lease ")
                    .append(call.lease(), 0, Math.min(8, call.lease().length()));
        }
        if (call.via() > 0) {
            line.append(" at coordinator ").append(call.via());
        }
        line.append(": ").append(call.answer());
        if (call.detail() != null) {
            line.append(" (").append(call.detail()).append(')');
        }
        if (call.token() != 0) {
            line.append(", token ").append(call.token());
        }
        if (call.expiresAt() != 0) {
            line.append(", granted ")
                    .append(time(call.acquiredAt()))
                    .append(", ends ")
                    .append(time(call.expiresAt()));
        }
        return line.append(" [").append(call.id()).append(']').toString();
    }

    private static String line(Grant grant) {
        return "history: token " + grant.token() + " of " + grant.owner() + ", granted " + time(grant.acquiredAt())
                + (grant.endedAt() == 0
                        ? ", live"
                        : ", " + grant.endReason() + " " + time(grant.endedAt())
                                + (grant.endedBy() == null ? "" : " by " + grant.endedBy()));
    }

    private static String line(Write write) {
        return "resource: " + (write.number() == 0 ? "opened" : "accepted number " + write.number()) + " with token "
                + write.token() + " of " + write.owner();
    }

    /** Returns the time of day in UTC. The argument is in microseconds since 1970. */
    static String time(long micros) {
        return Instant.EPOCH.plus(micros, ChronoUnit.MICROS).toString().substring(11);
    }
}
