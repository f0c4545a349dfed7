package io.streamlocks.proof.abuse.attack;

import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.function.IntFunction;

/** Threads that send the next call as soon as they have a response, each on a connection of its own. */
final class Callers {

    /** The pause after a connection that failed. Without it the abuser would use up its own machine. */
    private static final long RECONNECT_MS = 20;

    private Callers() {}

    /** Blocks until the attack is over. Each caller has a talk of its own. */
    static void run(Target target, int callers, IntFunction<Talk> talks) throws InterruptedException {
        List<Thread> threads = new ArrayList<>();
        for (int i = 0; i < callers; i++) {
            Talk talk = talks.apply(i);
            Thread thread = new Thread(() -> call(target, talk), "caller-" + i);
            thread.start();
            threads.add(thread);
        }
        for (Thread thread : threads) {
            thread.join();
        }
    }

    /** Repeats one request. Blocks until the attack is over. */
    static void repeat(Target target, int callers, byte[] request) throws InterruptedException {
        run(target, callers, i -> connection -> statusOf(connection, request));
    }

    /** Sends a request and returns the status of the response. */
    static String statusOf(Connection connection, byte[] request) throws IOException {
        return Integer.toString(connection.exchange(request).status());
    }

    private static void call(Target target, Talk talk) {
        while (!target.isOver()) {
            try (Connection connection = target.connect()) {
                while (!target.isOver() && !connection.isClosed()) {
                    target.tally().add(talk.once(connection));
                }
            } catch (IOException | NumberFormatException e) {
                target.tally().add("no response");
                try {
                    TimeUnit.MILLISECONDS.sleep(RECONNECT_MS);
                } catch (InterruptedException interrupted) {
                    Thread.currentThread().interrupt();
                    return;
                }
            }
        }
    }
}
