package io.streamlocks.coordinator.http.jetty;

import java.util.function.BiConsumer;
import java.util.function.Consumer;

/**
 * A response that is ready to be sent.
 *
 * @param status its status
 * @param headers passes the name and the value of each header; of the content type, too, if there is a body
 * @param body its body; empty if it has none
 * @param sent is run once it has been sent, or cannot be sent because the client has gone. It does not block
 */
public record Reply(int status, Consumer<BiConsumer<String, String>> headers, byte[] body, Runnable sent) {

    /** Returns the same reply with more headers. */
    public Reply withHeaders(Consumer<BiConsumer<String, String>> more) {
        return new Reply(status, more.andThen(headers), body, sent);
    }
}
