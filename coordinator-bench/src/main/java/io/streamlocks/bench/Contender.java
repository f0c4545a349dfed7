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

    /** Connects for this number of workers that wait for locks. Only some contenders have locks to wait for. */
    default Queues openQueues(int workers) throws Exception {
        throw new UnsupportedOperationException("Workers cannot wait for these locks");
    }

    @Override
    default void close() {}
}
