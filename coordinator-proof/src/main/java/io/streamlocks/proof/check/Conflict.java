package io.streamlocks.proof.check;

import io.streamlocks.proof.history.Write;

/**
 * Two writes that contradict each other.
 *
 * @param earlier the write that the resource accepted first
 * @param later the write that it should not have accepted after that
 */
public record Conflict(Write earlier, Write later) {

    Violation violation(String rule, String stream) {
        return Excerpt.of(rule, stream, earlier, later);
    }
}
