package io.streamlocks.proof.abuse;

import io.streamlocks.proof.abuse.attack.AttackClass;
import java.util.List;

/**
 * What came of an attack.
 *
 * @param cycles how many acquires with their releases failed the victims, of how many
 * @param probes how many health checks there were
 * @param answers what the abuser was answered
 * @param violations in words; empty if there is none
 */
record AbuseResult(
        Combination combination,
        AttackClass attack,
        Observation seen,
        String cycles,
        int probes,
        String answers,
        List<String> violations) {}
