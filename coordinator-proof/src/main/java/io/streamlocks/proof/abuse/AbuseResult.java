package io.streamlocks.proof.abuse;

import io.streamlocks.proof.abuse.attack.AttackClass;
import java.util.List;

/**
 * The result of an attack.
 *
 * @param cycles how many acquires with their releases failed, of how many
 * @param probes the number of health checks
 * @param answers the responses that the abuser got
 * @param violations the violations as text; empty if there is none
 */
record AbuseResult(
        Combination combination,
        AttackClass attack,
        Observation seen,
        String cycles,
        int probes,
        String answers,
        List<String> violations) {}
