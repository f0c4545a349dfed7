package io.streamlocks.coordinator.http;

import java.util.function.BiConsumer;

/**
 * Makes the responses to requests that end before they come to a route.
 *
 * @param routes contains the paths of the management port
 */
record EarlyErrors(RouteTable routes) {

    /**
     * Returns the body of a response, and sets its headers.
     *
     * @param status the status of the response
     * @param requestId the id of the call
     * @param maxHeadBytes how large the head of a request may be
     * @param header takes the name and the value of each header
     */
    byte[] write(int status, String requestId, int maxHeadBytes, BiConsumer<String, String> header) {
        Problem problem = problem(status, maxHeadBytes);
        header.accept("Content-Type", problem.contentType());
        // The handler that sets them for all routes may not have been reached.
        SecurityHeaders.set("", header);
        problem.addHeaders(header);
        return problem.bytes(requestId);
    }

    private Problem problem(int status, int maxHeadBytes) {
        return switch (status) {
            // Jetty refuses a request that comes when a stop is over and the routes are gone. Until then they respond.
            case 503 -> Gate.draining();
            case 500 -> Problem.of(ProblemType.INTERNAL_ERROR, "The coordinator failed to handle the call.");
            // Only the management port gets here: the routes refuse all other paths.
            case 404 ->
                Problem.of(
                        ProblemType.NOT_FOUND,
                        "This port serves only these paths: " + String.join(", ", routes.managementPaths()) + ".");
            case 421 ->
                Problem.of(
                        ProblemType.MISDIRECTED,
                        "Everybody may do everything here. Therefore the server accepts only requests for localhost, a"
                                + " name below it, 127.0.0.0/8 or [::1]. Call it by one of these. To use other names,"
                                + " set tokens, or AUTH=none.");
            case 414, 431 ->
                Problem.of(
                                ProblemType.BAD_REQUEST,
                                "The line and the headers of a request must have at most " + maxHeadBytes
                                        + " bytes together. The server's HTTP_MAX_HEAD_BYTES allows up to 32768.")
                        .withStatus(status);
            // This does not name the fault: the path may not even be known.
            default ->
                Problem.of(
                                ProblemType.BAD_REQUEST,
                                "The request is not HTTP in a form that this server accepts. Check its line, the"
                                        + " percent-encoding of its path, and its headers.")
                        .withStatus(status);
        };
    }
}
