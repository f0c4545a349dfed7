package io.streamlocks.coordinator.log;

/** Finds what is at the bottom of an exception. */
public final class RootCause {

    /** No chain of causes is as long, but that of causes that go round in a circle. */
    private static final int MAX_CAUSES = 100;

    private RootCause() {}

    /**
     * The cause that has no cause.
     *
     * @param thrown what was thrown
     * @return that itself if it has no cause; the hundredth if causes go round in a circle
     */
    public static Throwable of(Throwable thrown) {
        Throwable root = thrown;
        for (int i = 0; i < MAX_CAUSES && root.getCause() != null; i++) {
            root = root.getCause();
        }
        return root;
    }

    /**
     * The error at the bottom, to be logged with its stack trace. Libraries wrap it: the driver makes an SQLException of an
     * OutOfMemoryError.
     *
     * @param thrown what was thrown
     * @return null if there is an exception at the bottom, which is logged by its message alone
     */
    public static Throwable errorOf(Throwable thrown) {
        return of(thrown) instanceof Error error ? error : null;
    }
}
