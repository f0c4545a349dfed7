package io.streamlocks.testkit.rig;

import java.io.IOException;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import java.util.stream.Collectors;

/** Sends signals that {@link ProcessHandle} does not have, with the command {@code kill}. */
final class Signals {

    private Signals() {}

    /** Sends a signal, such as STOP, to a process and all its children. */
    static void sendToAll(String signal, ProcessHandle parent) throws IOException {
        // This begins with the parent and repeats until no child is new. A server may start one for each connection.
        Set<Long> signalled = new HashSet<>();
        Set<Long> next = Set.of(parent.pid());
        while (!next.isEmpty()) {
            send(signal, next);
            signalled.addAll(next);
            next = parent.descendants()
                    .map(ProcessHandle::pid)
                    .filter(pid -> !signalled.contains(pid))
                    .collect(Collectors.toSet());
        }
    }

    /** Sends a signal. Returns when it is sent, even if interrupted: a STOP that came after its CONT would last. */
    static void send(String signal, Set<Long> pids) throws IOException {
        List<String> kill = new ArrayList<>(List.of("kill", "-" + signal));
        pids.forEach(pid -> kill.add(Long.toString(pid)));
        // One of them may have ended, which kill reports; the others get the signal.
        Process sending = new ProcessBuilder(kill)
                .redirectError(ProcessBuilder.Redirect.DISCARD)
                .start();
        boolean interrupted = false;
        while (sending.isAlive()) {
            try {
                sending.waitFor();
            } catch (InterruptedException e) {
                interrupted = true;
            }
        }
        if (interrupted) {
            Thread.currentThread().interrupt();
        }
    }
}
