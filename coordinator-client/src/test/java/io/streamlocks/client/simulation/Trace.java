package io.streamlocks.client.simulation;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;

/** Records what happens in a simulation: always as a hash, and as lines if a person wants to read them. */
final class Trace {

    private final boolean readable;
    private final List<String> lines = new ArrayList<>();
    private long hash = 17;
    private long steps;

    Trace(boolean readable) {
        this.readable = readable;
    }

    /** Records that an event was carried out, or a thread had its turn. */
    void step(long atNanos, String name) {
        steps++;
        mix(atNanos);
        mix(name.hashCode());
    }

    /** Records something that people want to read. */
    void tell(long atNanos, String who, String what, Object... details) {
        mix(who.hashCode());
        mix(what.hashCode());
        if (readable) {
            String line = String.format(Locale.ROOT, "%10.3f ms  %-9s %s", atNanos / 1e6, who, what);
            lines.add(details.length == 0 ? line : line + " " + Arrays.toString(details));
        }
    }

    private void mix(long value) {
        hash = Long.rotateLeft(hash * 0x9E3779B97F4A7C15L + value, 29);
    }

    long hash() {
        return hash;
    }

    long steps() {
        return steps;
    }

    List<String> lines() {
        return lines;
    }
}
