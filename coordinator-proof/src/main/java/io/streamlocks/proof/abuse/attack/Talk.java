package io.streamlocks.proof.abuse.attack;

import java.io.IOException;

/** An exchange that is repeated on a connection. */
interface Talk {

    /** Sends a request, blocks for its response, and returns the result for the tally. */
    String once(Connection connection) throws IOException;
}
