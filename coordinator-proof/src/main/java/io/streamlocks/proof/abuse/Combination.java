package io.streamlocks.proof.abuse;

import java.util.Locale;

/**
 * How the coordinator is set up that is attacked.
 *
 * @param heapMb the most heap that its process may have
 */
record Combination(Backend backend, Way way, int heapMb) {

    enum Backend {
        MEMORY,
        POSTGRES;

        @Override
        public String toString() {
            return name().toLowerCase(Locale.ROOT);
        }
    }

    /** How callers reach it. */
    enum Way {
        DIRECT,
        NGINX;

        @Override
        public String toString() {
            return name().toLowerCase(Locale.ROOT);
        }
    }

    @Override
    public String toString() {
        return backend + "-" + way + "-" + heapMb + "m";
    }
}
