package io.streamlocks.coordinator.lock.group;

import io.streamlocks.coordinator.lock.group.GroupCommit.Operation;
import java.util.List;

/**
 * The part of a call that belongs to one lane.
 *
 * @param operation what is to be done
 * @param call whom to tell
 * @param requests with what
 * @param positions where the requests stand in the call
 */
record Piece<Q, O>(Operation<Q, O> operation, Call<O> call, List<Q> requests, int[] positions) {

    List<String> streamIds() {
        return requests.stream().map(operation::streamId).toList();
    }
}
