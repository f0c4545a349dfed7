package io.streamlocks.coordinator.http;

import java.util.function.BiConsumer;

/**
 * A response of a route. Each kind determines its status, its headers and its body together, so that a problem cannot
 * be sent with the status of a success.
 */
sealed interface Response {

    /** Returns the status. The name of this method is not that of a field of a body. */
    int statusCode();

    /**
     * Sets the headers of this kind, beyond the content type.
     *
     * @param header takes the name and the value of each header
     */
    default void addHeaders(BiConsumer<String, String> header) {}

    /** Is called once the response has been sent, or cannot be sent because the client has gone. It must not block. */
    default void sent() {}

    /** A response that has a body. */
    sealed interface WithBody extends Response permits Ok, Content, Problem, Wrapped {

        String contentType();

        /**
         * Returns the bytes of the body.
         *
         * @param requestId the id of the call
         */
        byte[] bytes(String requestId);
    }

    /** JSON with status 200. Each route can have its own. */
    non-sealed interface Ok extends WithBody {

        @Override
        default int statusCode() {
            return 200;
        }

        @Override
        default String contentType() {
            return "application/json";
        }

        @Override
        default byte[] bytes(String requestId) {
            return Json.write(this);
        }
    }

    /** Text, or a part of a page, with status 200. */
    record Content(String contentType, byte[] bytes) implements WithBody {

        @Override
        public int statusCode() {
            return 200;
        }

        @Override
        public byte[] bytes(String requestId) {
            return bytes;
        }
    }

    /** The same response as another one, except for what the kind changes. */
    sealed interface Wrapped extends WithBody permits Extended, Held {

        WithBody response();

        @Override
        default int statusCode() {
            return response().statusCode();
        }

        @Override
        default String contentType() {
            return response().contentType();
        }

        @Override
        default byte[] bytes(String requestId) {
            return response().bytes(requestId);
        }

        @Override
        default void addHeaders(BiConsumer<String, String> header) {
            response().addHeaders(header);
        }

        @Override
        default void sent() {
            response().sent();
        }
    }

    /** A response with a header beyond those of its kind. */
    record Extended(WithBody response, String name, String value) implements Wrapped {

        @Override
        public void addHeaders(BiConsumer<String, String> header) {
            response.addHeaders(header);
            header.accept(name, value);
        }
    }

    /**
     * A response whose bytes were made before, and are counted until they are sent.
     *
     * @param response the same response, whose bytes are not made again
     * @param body its bytes
     * @param forget is to be run when the response has been sent, or cannot be sent
     */
    record Held(WithBody response, byte[] body, Runnable forget) implements Wrapped {

        @Override
        public byte[] bytes(String requestId) {
            return body;
        }

        @Override
        public void sent() {
            forget.run();
        }
    }

    /** Status 204, without a body. */
    record Empty() implements ForItem {

        static final Empty INSTANCE = new Empty();

        @Override
        public int statusCode() {
            return 204;
        }

        @Override
        public Bodies.Item inBatch(String path, String streamId) {
            return Bodies.Item.empty(streamId, this);
        }
    }

    /** Status 303, without a body, to a place that depends on what the client accepts. */
    record Redirect(String location) implements Response {

        @Override
        public int statusCode() {
            return 303;
        }

        @Override
        public void addHeaders(BiConsumer<String, String> header) {
            header.accept("Location", location);
            header.accept("Vary", "Accept");
        }
    }

    /** The response to a request for one stream, which is a call of its own or an item of a batch. */
    sealed interface ForItem extends Response permits LeaseBodies.LeaseBody, Problem, Empty {

        /**
         * Returns the same response as a result of a batch.
         *
         * @param path where the item is in the body
         * @param streamId the stream of the item; a result without a lease contains it, so that the caller notices if
         *     its request was changed on the way
         */
        Bodies.Item inBatch(String path, String streamId);
    }
}
