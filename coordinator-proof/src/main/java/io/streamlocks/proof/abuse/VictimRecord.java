package io.streamlocks.proof.abuse;

import java.util.ArrayList;
import java.util.Collections;
import java.util.List;

/** The renewals and losses of the victims' leases. This class is thread-safe. */
final class VictimRecord {

    // All of these are guarded by this.
    private final List<Double> renewalMs = new ArrayList<>();
    private final List<String> lost = new ArrayList<>();
    private int cycles;
    private int failedCycles;

    /** Ends the warm-up. This forgets everything but losses. */
    synchronized void begin() {
        renewalMs.clear();
        cycles = 0;
        failedCycles = 0;
    }

    /** Records a call that renewed several leases as one renewal of each lease. */
    synchronized void renewed(double ms, int leases) {
        renewalMs.addAll(Collections.nCopies(leases, ms));
    }

    synchronized void lost(String stream, String how) {
        lost.add(stream + ": " + how);
    }

    /** Records an acquire with its release. */
    synchronized void cycled(boolean well) {
        cycles++;
        failedCycles += well ? 0 : 1;
    }

    synchronized List<Double> renewalMs() {
        return List.copyOf(renewalMs);
    }

    synchronized List<String> lost() {
        return List.copyOf(lost);
    }

    /** Returns how many acquires with their releases failed, of how many. */
    synchronized String cycles() {
        return failedCycles + " of " + cycles;
    }
}
