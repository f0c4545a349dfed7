package io.streamlocks.bench;

/** A kind of lock, with its server running. */
interface Contender extends AutoCloseable {

    /** A program that the contender needs is not installed. */
    final class NotInstalledException extends Exception {
        private static final long serialVersionUID = 1L;

        NotInstalledException(String howToInstall) {
            super(howToInstall);
        }
    }

    /** Connects for this number of workers. */
    Locks open(int workers) throws Exception;

    @Override
    default void close() {}
}
