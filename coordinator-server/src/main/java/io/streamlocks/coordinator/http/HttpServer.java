package io.streamlocks.coordinator.http;

import io.streamlocks.coordinator.access.Permission;
import io.streamlocks.coordinator.http.jetty.HeldBytes;
import io.streamlocks.coordinator.http.jetty.Listening;
import io.streamlocks.coordinator.http.jetty.Transport;
import io.streamlocks.coordinator.http.jetty.TransportOptions;
import io.streamlocks.coordinator.lock.LockCalls;
import io.streamlocks.coordinator.lock.LockManager;
import io.streamlocks.coordinator.lock.group.GroupCommit;
import io.streamlocks.coordinator.lock.waiting.WaitingRoom;
import io.streamlocks.coordinator.log.RepeatedErrorLog;
import io.streamlocks.coordinator.telemetry.Telemetry;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.OptionalInt;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** The REST API on a port. This class is thread-safe. */
public final class HttpServer {

    private static final Logger LOG = LoggerFactory.getLogger(HttpServer.class);

    private final GroupCommit locks;
    private final WaitingRoom waitingRoom;
    private final RouteTable table;
    private final Transport transport;
    private final Framework framework;

    /**
     * Creates a server; {@link #start} makes it listen.
     *
     * @param locks carries out the calls, those of many clients together
     * @param gate decides which calls are accepted
     * @param guards protect the server
     * @param defaultTtl the ttl of an acquire that names none
     * @param maxTtl the longest ttl that a caller may ask for
     * @param telemetry measures and traces the calls; the caller closes it
     */
    public HttpServer(
            LockManager locks, Gate gate, Guards guards, Duration defaultTtl, Duration maxTtl, Telemetry telemetry) {
        this(locks, gate, guards, new Fields(defaultTtl, maxTtl), telemetry, TransportOptions.standard());
    }

    /** Creates a server without guards, which does not trace its calls. */
    public HttpServer(LockManager locks, Gate gate, Duration defaultTtl, Duration maxTtl) {
        this(locks, gate, Guards.NONE, defaultTtl, maxTtl, Telemetry.untraced());
    }

    HttpServer(
            LockManager locks, Gate gate, Guards guards, Fields fields, Telemetry telemetry, TransportOptions options) {
        LockCalls measured = telemetry.measured(locks);
        this.locks = new GroupCommit(measured, options.executor(), telemetry);
        this.waitingRoom =
                new WaitingRoom(this.locks, measured, locks.handOvers(), guards.maxWaitersOfOwner(), telemetry.waits());
        gate.onDraining(waitingRoom::drain);
        HeldBytes held = new HeldBytes(options.limits().heldBytes());
        Responder responder = new Responder(options.executor(), held, telemetry);
        this.table = new RouteTable(options.limits().exchange());
        register(gate, guards, fields, responder, telemetry);
        ErrorResponses errors = new ErrorResponses(errorLog());
        RouteCalls calls = new RouteCalls(table, gate, errors);
        Access access = new Access(guards, table, telemetry);
        Transport.Api api = new Transport.Api(
                access::admit,
                access.takesLong(),
                gate::isStopping,
                table::isForManagement,
                calls::direct,
                new EarlyErrors(table)::write);
        // It has a log of its own, because clients can fill it.
        this.transport = new Transport(options, guards.certificate(), api, errorLog(), telemetry);
        this.framework = new Framework(transport, table, calls, errors);
    }

    private static RepeatedErrorLog errorLog() {
        return new RepeatedErrorLog(LOG, System::nanoTime);
    }

    private void register(Gate gate, Guards guards, Fields fields, Responder responder, Telemetry telemetry) {
        CappedLocks capped = new CappedLocks(locks, waitingRoom, guards.ownerCap());
        new LockRoutes(locks, capped, gate, fields, responder).register(table);
        new BatchRoutes(locks, capped, gate, fields, responder).register(table);
        new BreakRoutes(locks).register(table);
        new HistoryRoutes(locks, responder).register(table);
        new GroupRoutes(locks, fields, responder).register(table);
        new OperationRoutes(locks, gate, telemetry).register(table);
        new ConsoleRoutes().register(table);
    }

    /**
     * Listens. Returns once connections are accepted.
     *
     * @param at where, and for whom
     * @return the main port
     * @throws RuntimeException if a port cannot be bound
     */
    public int start(Listening at) {
        transport.listenAt(at);
        return framework.start();
    }

    /** Listens at one port, and accepts requests with any {@code Host}. */
    public int start(String host, int port) {
        return start(Listening.at(host, port));
    }

    /** Returns the management port, if there is one. To be called once the server has started. */
    public OptionalInt managementPort() {
        return transport.managementPort();
    }

    /** Accepts no more connections, waits at most 5 s for the calls under way, and stops. Blocks until then. */
    public void stop() {
        transport.closePorts();
        waitingRoom.close();
        framework.stop();
        locks.close();
    }

    /** Returns each method and path that the server serves, as in {@code GET /livez}. */
    List<String> routes() {
        return framework.routes();
    }

    /** Returns what each of them requires of its caller. */
    Map<String, Permission> permissions() {
        return table.permissions();
    }
}
