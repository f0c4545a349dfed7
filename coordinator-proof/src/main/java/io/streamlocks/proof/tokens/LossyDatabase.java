package io.streamlocks.proof.tokens;

import io.streamlocks.testkit.rig.PostgresServer;
import java.io.IOException;
import java.sql.SQLException;

/** A database that forgets its latest commits. */
interface LossyDatabase extends AutoCloseable {

    /** The database of the coordinator. */
    String NAME = "locks";

    /** Returns the {@code DATABASE_URL} of the coordinator. It stays the same. */
    String url();

    /** Returns the server that accepts writes. */
    PostgresServer server();

    /** Lets grants happen, and then forgets some of them. Blocks until the database accepts writes again. */
    void lose(Grants grants) throws IOException, InterruptedException, SQLException;

    @Override
    void close() throws IOException;
}
