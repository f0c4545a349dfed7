package io.streamlocks.proof.abuse.attack;

import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.function.IntFunction;

/** Threads that call as fast as they are answered, each on a connection of its own. */
final class Callers {

    /** Between a connection that failed and the next one: an abuser that spins would take its own machine down. */
    private static final long RECONNECT_MS = 20;

    private Callers() {}

    /** What is done on a connection again and again. */
    interface Talk {
        /** Returns what it came to, for the tally. */
        String once(Connection connection) throws IOException;
    }

    /** Runs until the attack is over. Each caller has a talk of its own. */
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

    /** Sends the same request again and again. */
    static void repeat(Target target, int callers, byte[] request) throws InterruptedException {
        run(target, callers, i -> connection -> statusOf(connection, request));
    }

    /** The status of an answer. */
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
                target.tally().add("no answer");
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
