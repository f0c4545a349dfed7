package io.streamlocks.coordinator.telemetry;

/** Why the server rejected a request or ended a connection: a limit of the client, or of all clients together. */
public enum Refusal {
    /** A request and its response took too long. */
    SLOW_EXCHANGE("slow_exchange"),
    /** The body of a request took too long. */
    SLOW_BODY("slow_body"),
    /** A caller called more often than the rate limit allows. */
    CALL_RATE("call_rate"),
    /** The head of a request was not complete soon after it began. */
    SLOW_HEAD("slow_head"),
    /** There were too many connections. */
    CONNECTIONS("connections"),
    /** An address had too many connections. */
    CONNECTIONS_OF_ADDRESS("connections_of_address"),
    /** The bodies that were being read used up their memory. */
    BODY_MEMORY("body_memory"),
    /** The responses that clients had not read yet used up their memory. */
    ANSWER_MEMORY("answer_memory"),
    /** The caller had too many waiting requests. The limit depends on how many others have waiting. */
    CALLER_REQUESTS("caller_requests"),
    /** The caller had too many waiting reads. */
    CALLER_READS("caller_reads"),
    /** There was no time for all of a call, such as one that makes a thousand different requests for one stream. */
    UNFINISHED("unfinished");

    private final String label;

    Refusal(String label) {
        this.label = label;
    }

    /** Returns its name in metrics. */
    public String label() {
        return label;
    }
}
