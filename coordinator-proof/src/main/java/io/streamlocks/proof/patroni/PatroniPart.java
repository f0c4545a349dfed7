package io.streamlocks.proof.patroni;

import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Random;

/**
 * A part of the proof: a cluster and its fail-overs.
 *
 * @param name the name
 * @param synchronous whether commits wait for a standby, which alone may be promoted
 * @param mayLoseCommits whether the promoted standby may lack commits that were confirmed to callers
 * @param failOvers the fail-overs, in their order
 */
record PatroniPart(String name, boolean synchronous, boolean mayLoseCommits, List<FailOverClass> failOvers) {

    /** Returns the parts of the short form. */
    static List<PatroniPart> ofShort() {
        return List.of(
                new PatroniPart("synchronous", true, false, List.of(FailOverClass.SWITCHOVER, FailOverClass.KILL)));
    }

    /**
     * Returns the parts of the long form. Without a synchronous standby, a primary that is asked to stop, or stops
     * itself, still sends everything to its standbys. A primary that is killed does not.
     */
    static List<PatroniPart> of(PatroniSettings settings) {
        Random random = new Random(settings.load().seed());
        List<FailOverClass> orderly = new ArrayList<>();
        orderly.addAll(Collections.nCopies(settings.switchovers(), FailOverClass.SWITCHOVER));
        orderly.addAll(Collections.nCopies(settings.partitions(), FailOverClass.PARTITION));
        List<FailOverClass> kills = Collections.nCopies(settings.kills(), FailOverClass.KILL);
        List<FailOverClass> all = new ArrayList<>(orderly);
        all.addAll(kills);
        List<FailOverClass> losing = new ArrayList<>(kills);
        losing.addAll(Collections.nCopies(settings.lagging(), FailOverClass.LAGGING));
        Collections.shuffle(orderly, random);
        Collections.shuffle(all, random);
        Collections.shuffle(losing, random);
        return List.of(
                        new PatroniPart("synchronous", true, false, all),
                        new PatroniPart("asynchronous", false, false, orderly),
                        new PatroniPart("asynchronous-losing", false, true, losing))
                .stream()
                .filter(part -> !part.failOvers().isEmpty())
                .toList();
    }
}
