package io.streamlocks.proof.abuse;

import java.util.ArrayList;
import java.util.Collections;
import java.util.List;

/** What becomes of the victims' leases. Thread-safe. */
final class VictimRecord {

    // All guarded by this.
    private final List<Double> renewalMs = new ArrayList<>();
    private final List<String> lost = new ArrayList<>();
    private int cycles;
    private int failedCycles;

    /** Forgets what was not lost: the warm-up is over. */
    synchronized void begin() {
        renewalMs.clear();
        cycles = 0;
        failedCycles = 0;
    }

    /** A call that renewed so many leases is a renewal of each of them. */
    synchronized void renewed(double ms, int leases) {
        renewalMs.addAll(Collections.nCopies(leases, ms));
    }

    synchronized void lost(String stream, String how) {
        lost.add(stream + ": " + how);
    }

    /** An acquire and a release. */
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

    /** How many acquires with their releases failed, of how many. */
    synchronized String cycles() {
        return failedCycles + " of " + cycles;
    }
}
