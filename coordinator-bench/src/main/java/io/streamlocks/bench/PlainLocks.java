package io.streamlocks.bench;

import java.io.IOException;
import java.net.URI;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.UUID;

/** Locks of the coordinator with one HTTP call for each acquire and each release, on a connection for each worker. */
final class PlainLocks implements Locks {

    private final List<PlainConnection> connections = new ArrayList<>();

    PlainLocks(URI uri, int workers) throws IOException {
        try {
            for (int i = 0; i < workers; i++) {
                connections.add(new PlainConnection(uri));
            }
        } catch (IOException e) {
            close();
            throw e;
        }
    }

    @Override
    public Optional<Held> tryAcquire(int worker, String streamId) throws IOException {
        String leaseId = UUID.randomUUID().toString();
        String body =
                "{\"ownerId\":\"worker-" + worker + "\",\"leaseId\":\"" + leaseId + "\",\"ttlMs\":" + TTL_MS + "}";
        PlainConnection.Response response = connections.get(worker).post("/v1/locks/" + streamId + "/acquire", body);
        return switch (response.status()) {
            case 200 -> Optional.of(() -> release(worker, streamId, leaseId));
            case 409 -> Optional.empty();
            default -> throw new IOException("An acquire got " + response);
        };
    }

    private void release(int worker, String streamId, String leaseId) throws IOException {
        PlainConnection.Response response =
                connections.get(worker).post("/v1/locks/" + streamId + "/release", "{\"leaseId\":\"" + leaseId + "\"}");
        if (response.status() != 204) {
            throw new IOException("A release got " + response);
        }
    }

    @Override
    public void close() {
        for (PlainConnection connection : connections) {
            try {
                connection.close();
            } catch (IOException e) {
                // The connection is of no use any more, and its server ends it as well.
            }
        }
    }
}
