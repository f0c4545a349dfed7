package io.streamlocks.bench;

import java.nio.charset.StandardCharsets;
import java.util.List;

/**
 * The body of a batch, in which the last digits of the lease ids can be replaced. This class is not thread-safe.
 *
 * @param json the body, which {@link #setLease} changes
 * @param idEnds the position after the lease id of each item
 */
record BatchBody(byte[] json, int[] idEnds) {

    private static final byte[] HEX = "0123456789abcdef".getBytes(StandardCharsets.US_ASCII);

    /** The number of digits of a lease id that are new for each lease. The others belong to the batch. */
    private static final int NEW_DIGITS = 12;

    /**
     * Builds a body in which all items have the same lease id.
     *
     * @param more the JSON of the other fields of each item, which begins with a comma; empty for no other fields
     */
    static BatchBody of(List<String> streamIds, String leaseId, String more) {
        StringBuilder json = new StringBuilder("{\"items\":[");
        int[] ends = new int[streamIds.size()];
        for (int i = 0; i < ends.length; i++) {
            json.append(i == 0 ? "{\"streamId\":\"" : ",{\"streamId\":\"").append(streamIds.get(i));
            json.append("\",\"leaseId\":\"").append(leaseId);
            // The stream ids are ASCII, so a character is a byte.
            ends[i] = json.length();
            json.append('"').append(more).append('}');
        }
        return new BatchBody(json.append("]}").toString().getBytes(StandardCharsets.US_ASCII), ends);
    }

    /** Replaces the last digits of an item's lease id by those of a number. */
    void setLease(int item, long number) {
        long rest = number;
        for (int i = 1; i <= NEW_DIGITS; i++) {
            json[idEnds[item] - i] = HEX[(int) (rest & 15)];
            rest >>>= 4;
        }
    }
}
