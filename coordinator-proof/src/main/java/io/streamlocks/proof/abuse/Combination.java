package io.streamlocks.proof.abuse;

import java.util.Locale;

/**
 * The set-up of the coordinator under attack.
 *
 * @param backend the backend
 * @param way the way from callers to the coordinator
 * @param heapMb the maximum heap of its process
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

    /** The way from callers to the coordinator. */
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
