package io.streamlocks.client;

import java.net.URI;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import java.util.function.BooleanSupplier;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Chooses one of the coordinator's servers for each call of one kind. All servers know the same leases, so a call may
 * go to any of them.
 *
 * <p>A call goes to the first server, in the order that this client prefers, that works. A server works until a call
 * to it has no usable answer or is answered 5xx. After that it gets no call for a second at most, and then a single
 * call tries it. Each further failure in a row doubles this pause, up to {@link #LONGEST_PAUSE}. A server that hung
 * pauses for as long as all servers together would hang, so that others are tried before it comes again. In this way, a
 * client returns to the server that it prefers, and loses little time with one that stays away. If no server
 * works, a call goes to the one whose pause ends first.
 *
 * <p>If no connection can be opened, the call was not sent, and goes to the next server at once. Every other failure is
 * for the caller: the call may have had an effect, and only the caller knows how to repeat it.
 *
 * <p>This class is thread-safe.
 */
final class Servers {

    static final Duration FIRST_PAUSE = Duration.ofSeconds(1);
    static final Duration LONGEST_PAUSE = Duration.ofSeconds(20);

    private static final Logger LOG = LoggerFactory.getLogger(Servers.class);

    private final List<URI> uris;
    private final ClientRuntime runtime;

    /** The states of the servers, in the order of {@link #uris}. This object guards them. */
    private final List<State> states = new ArrayList<>();

    /** A call to a server. */
    interface Call<R> {

        /**
         * Makes the call.
         *
         * @param server the index of the server
         * @param isTry whether the server failed last time
         * @param spent the time that other servers have taken; zero if this is the first one
         */
        R to(int server, boolean isTry, Duration spent);
    }

    private record Choice(int server, boolean isTry) {}

    private static final class State {
        /** How often the server failed in a row. */
        private int failures;

        private long failedNanos;
        private long nextTryNanos;
    }

    /** @param uris where the servers are, beginning with the one that this client prefers */
    Servers(List<URI> uris, ClientRuntime runtime) {
        this.uris = uris;
        this.runtime = runtime;
        uris.forEach(uri -> states.add(new State()));
    }

    /**
     * Makes a call to one of the servers. This blocks for the call, and before that for an attempt to connect to each
     * server that cannot be reached.
     *
     * @param call makes the call
     * @param isCutOff whether this client has ended the call; a failure is not the server's then
     * @return the result of the call
     * @throws StreamLockException as the call does; if no server can be reached, the failure of the last one
     */
    <R> R call(Call<R> call, BooleanSupplier isCutOff) {
        Set<Integer> tried = new HashSet<>();
        long firstNanos = runtime.nanoTime();
        while (true) {
            Choice choice = choose(tried);
            int server = choice.server();
            long beganNanos = runtime.nanoTime();
            try {
                Duration spent = tried.isEmpty() ? Duration.ZERO : Duration.ofNanos(beganNanos - firstNanos);
                R result = call.to(server, choice.isTry(), spent);
                works(server);
                return result;
            } catch (CoordinatorUnavailableException e) {
                if (isCutOff.getAsBoolean()) {
                    throw e;
                }
                if (!e.isOfServer()) {
                    works(server);
                    throw e;
                }
                failed(server, beganNanos, e);
                tried.add(server);
                if (!e.isUnsent() || tried.size() == uris.size()) {
                    throw e;
                }
            } catch (CoordinatorRefusedException e) {
                works(server);
                throw e;
            }
        }
    }

    private synchronized Choice choose(Set<Integer> tried) {
        long now = runtime.nanoTime();
        int soonest = -1;
        for (int server = 0; server < states.size(); server++) {
            State state = states.get(server);
            if (tried.contains(server)) {
                continue;
            }
            if (state.failures == 0) {
                return new Choice(server, false);
            }
            if (state.nextTryNanos - now <= 0) {
                // The calls that come while this one tries the server go elsewhere.
                state.nextTryNanos = now + LONGEST_PAUSE.toNanos();
                return new Choice(server, true);
            }
            if (soonest < 0 || state.nextTryNanos - states.get(soonest).nextTryNanos < 0) {
                soonest = server;
            }
        }
        return new Choice(soonest, true);
    }

    private synchronized void works(int server) {
        State state = states.get(server);
        if (state.failures > 0) {
            state.failures = 0;
            tell("{} works again", uris.get(server));
        }
    }

    /**
     * Takes in that a call to a server failed.
     *
     * @param beganNanos when the call began; calls that were under way together fail together, and count once
     */
    synchronized void failed(int server, long beganNanos, Throwable cause) {
        State state = states.get(server);
        if (state.failures > 0 && beganNanos - state.failedNanos < 0) {
            return;
        }
        if (state.failures == 0) {
            tell("{} gives no usable answer: {}", uris.get(server), cause.toString());
        }
        state.failures++;
        state.failedNanos = runtime.nanoTime();
        long hungNanos = state.failedNanos - beganNanos;
        state.nextTryNanos = state.failedNanos + Math.max(pauseNanos(state), uris.size() * hungNanos);
    }

    /** Logs, if there is another server. If there is none, those who make the calls log all that there is to say. */
    private void tell(String format, Object... arguments) {
        if (uris.size() > 1) {
            LOG.info(format, arguments);
        }
    }

    private long pauseNanos(State state) {
        long pause = FIRST_PAUSE.toNanos() << Math.min(state.failures - 1, 10);
        // Clients that lost a server together must not all try it at the same moment.
        return (long) (Math.min(pause, LONGEST_PAUSE.toNanos()) * (0.5 + 0.5 * runtime.random()));
    }
}
