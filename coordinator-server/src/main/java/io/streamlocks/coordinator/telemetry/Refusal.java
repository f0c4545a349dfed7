package io.streamlocks.coordinator.telemetry;

/** Why the server did not serve a client, or ended its connection: a limit of the client's own, or of all together. */
public enum Refusal {
    /** A request, with its answer, took too long. */
    SLOW_EXCHANGE("slow_exchange"),
    /** A body took too long. */
    SLOW_BODY("slow_body"),
    /** A caller called more often than the rate limit allows. */
    CALL_RATE("call_rate"),
    /** The head of a request was not complete soon after it began. */
    SLOW_HEAD("slow_head"),
    /** There were more connections than there may be. */
    CONNECTIONS("connections"),
    /** An address had more connections than it may have. */
    CONNECTIONS_OF_ADDRESS("connections_of_address"),
    /** The bodies being read use up the memory for them. */
    BODY_MEMORY("body_memory"),
    /** The answers that were not read yet use up the memory for them. */
    ANSWER_MEMORY("answer_memory"),
    /** The caller has as many requests waiting as it may beside those of others. */
    CALLER_REQUESTS("caller_requests"),
    /** The caller has as many reads waiting as it may. */
    CALLER_READS("caller_reads"),
    /** There was no time for all of a call, as when it asks for a thousand different things of one stream. */
    UNFINISHED("unfinished");

    private final String label;

    Refusal(String label) {
        this.label = label;
    }

    /** As metrics name it. */
    public String label() {
        return label;
    }
}
