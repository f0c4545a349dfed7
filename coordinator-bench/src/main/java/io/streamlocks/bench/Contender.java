package io.streamlocks.bench;

/** A kind of lock, with its server running. */
interface Contender extends AutoCloseable {

    /** What it needs is not on this machine. */
    final class NotInstalledException extends Exception {
        private static final long serialVersionUID = 1L;

        NotInstalledException(String howToInstall) {
            super(howToInstall);
        }
    }

    /** Connects for so many workers. */
    Locks open(int workers) throws Exception;

    @Override
    default void close() {}
}
