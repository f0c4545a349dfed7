package io.streamlocks.proof.check;

import java.util.List;
import java.util.stream.Collectors;

/**
 * A promise that was broken.
 *
 * @param rule the promise
 * @param stream the stream
 * @param excerpt the few events that contradict each other, one per line
 */
public record Violation(String rule, String stream, List<String> excerpt) {

    @Override
    public String toString() {
        return "stream " + stream + ": " + rule + "\n"
                + excerpt.stream().map(line -> "    " + line).collect(Collectors.joining("\n"));
    }
}
