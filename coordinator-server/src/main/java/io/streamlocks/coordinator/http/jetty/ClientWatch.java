package io.streamlocks.coordinator.http.jetty;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.util.concurrent.TimeoutException;
import java.util.concurrent.atomic.AtomicReference;
import org.eclipse.jetty.io.AbstractEndPoint;
import org.eclipse.jetty.util.BufferUtil;
import org.eclipse.jetty.util.Callback;
import org.eclipse.jetty.util.thread.SerializedInvoker;
import org.jspecify.annotations.Nullable;

/**
 * Notices that the client of a request under way has closed its connection. Jetty does not read a connection while its
 * request is handled, so the operating system knows about the end of the connection and Jetty does not. This class
 * registers for the next bytes or the end, as Jetty does between two requests. It takes no thread, no timer and no
 * system call while the client waits. This class is thread-safe.
 *
 * <p>A client may send its next requests already. Some bytes of them are read, because only a read finds the end of the
 * connection. They go into the buffer from which the connection parses, so that they are handled after the response. A
 * client that sends more is no longer watched, and the system holds up what it sends.
 *
 * <p>Several threads meet here: one that handles the request, one that sends the response, and those that report bytes
 * or the end of the connection. Each step of the watch runs alone, and no thread waits for another one: a thread that
 * comes during a step leaves its own step to the thread that is at it. A lock in place of this could block for ever,
 * because Jetty reports the end of a TLS connection while it holds a lock that a read needs. Three rules exclude races
 * with Jetty's own use of the connection:
 *
 * <ul>
 *   <li>The watch begins when the thread that parsed the request has left the connection. From then on, no other thread
 *       reads the connection or uses its buffer until the exchange ends.
 *   <li>The end of the exchange is a step as well. It takes the registration back before it lets Jetty read on, which
 *       takes a registration of another one for an error. Steps that come after the end do nothing.
 *   <li>A report that was on its way while its registration was taken back finds either no registration or the one of
 *       Jetty. In the second case, Jetty reads, finds nothing, and registers again.
 * </ul>
 */
final class ClientWatch implements Callback {

    /** How many bytes are read ahead of the response. It is below the size of the buffer that takes them. */
    private static final int MAX_AHEAD = 1024;

    private final SerialConnection connection;
    private final SerializedInvoker steps = new SerializedInvoker(ClientWatch.class);

    /** Is null once it has run, and once the end of the response is being sent. */
    private final AtomicReference<@Nullable Runnable> action;

    // Only steps use the following.
    private boolean registered;
    private boolean ended;
    private int ahead;

    /**
     * Creates a watch.
     *
     * @param connection has the request
     * @param action runs once when the client has gone
     */
    ClientWatch(SerialConnection connection, Runnable action) {
        this.connection = connection;
        this.action = new AtomicReference<>(action);
    }

    /** Begins. May be called twice, and after the end. */
    void begin() {
        steps.run(() -> {
            if (!registered && !ended && connection.isAtEndOfRequest()) {
                register();
            }
        });
    }

    /** Makes the end of the connection unimportant, because the end of the response is about to be sent. */
    void forget() {
        action.set(null);
    }

    /**
     * Ends.
     *
     * @param next ends the exchange, and runs when the connection is no longer watched. Another thread may run it
     */
    void end(Runnable next) {
        forget();
        steps.run(() -> {
            ended = true;
            if (registered) {
                // This takes the registration out and calls this object, whose step comes too late to do anything. The
                // operating system may still report the next bytes. Jetty ignores that unless it has registered.
                endPoint().getFillInterest().fillable();
            }
            next.run();
        });
    }

    /** There is something to read, or the connection has ended. */
    @Override
    public void succeeded() {
        steps.run(() -> {
            registered = false;
            if (!ended) {
                read();
            }
        });
    }

    /** This server has ended the connection. */
    @Override
    public void failed(Throwable cause) {
        steps.run(() -> {
            registered = false;
            if (ended) {
                return;
            }
            // A request that is handled does not fail by silence. A time-out of the silence before it may come late.
            if (cause instanceof TimeoutException && endPoint().isOpen()) {
                register();
            } else {
                runAction();
            }
        });
    }

    private void register() {
        // The report may come before this returns.
        registered = true;
        if (!endPoint().tryFillInterested(this)) {
            registered = false;
        }
    }

    private void read() {
        ByteBuffer bytes = BufferUtil.allocate(MAX_AHEAD - ahead);
        int read = fill(bytes);
        if (read < 0) {
            runAction();
            return;
        }
        if (read > 0) {
            ahead += read;
            connection.readAhead(bytes);
        }
        if (ahead < MAX_AHEAD) {
            register();
        }
    }

    private int fill(ByteBuffer bytes) {
        try {
            return endPoint().fill(bytes);
        } catch (IOException | RuntimeException e) {
            // The client has reset the connection, or does not end it as TLS requires.
            return -1;
        }
    }

    private void runAction() {
        Runnable once = action.getAndSet(null);
        if (once != null) {
            once.run();
        }
    }

    private AbstractEndPoint endPoint() {
        return (AbstractEndPoint) connection.getEndPoint();
    }
}
