package io.streamlocks.coordinator.log;

import java.util.Optional;

/** Finds the first cause of an exception. */
public final class RootCause {

    /** No chain of causes is as long, unless the causes form a circle. */
    private static final int MAX_CAUSES = 100;

    private RootCause() {}

    /**
     * Returns the cause that has no cause.
     *
     * @param thrown the exception
     * @return the exception itself if it has no cause; the hundredth cause if the causes form a circle
     */
    public static Throwable of(Throwable thrown) {
        Throwable root = thrown;
        for (int i = 0; i < MAX_CAUSES && root.getCause() != null; i++) {
            root = root.getCause();
        }
        return root;
    }

    /**
     * Returns the error that is the first cause, whose stack trace is worth logging. Libraries wrap errors: the JDBC
     * driver turns an OutOfMemoryError into an SQLException.
     *
     * @param thrown the exception
     * @return the error; empty if the first cause is an exception, of which the message is enough
     */
    public static Optional<Error> errorOf(Throwable thrown) {
        return of(thrown) instanceof Error error ? Optional.of(error) : Optional.empty();
    }
}
