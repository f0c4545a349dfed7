package io.streamlocks.coordinator.lock.waiting;

import io.streamlocks.coordinator.lock.AcquireRequest;
import io.streamlocks.coordinator.lock.Lease;
import io.streamlocks.coordinator.lock.LeaveRequest;
import io.streamlocks.coordinator.lock.QueueRequest;
import java.time.Duration;

/**
 * A request that waits: one item of a {@link WaitingCall}.
 *
 * @param call the call
 * @param index the position of the request in the call
 * @param request the request
 */
record Wait(WaitingCall call, int index, AcquireRequest request) {

    String streamId() {
        return request.streamId();
    }

    boolean isFor(Lease lease) {
        return request.leaseId().equals(lease.leaseId());
    }

    /** Returns the request for a place. */
    QueueRequest place(Duration waits) {
        return new QueueRequest(request, call.id(), waits);
    }

    /** Returns the request to end the wait. */
    LeaveRequest leave(boolean keepsPlace) {
        return new LeaveRequest(request.streamId(), request.leaseId(), call.id(), keepsPlace);
    }
}
