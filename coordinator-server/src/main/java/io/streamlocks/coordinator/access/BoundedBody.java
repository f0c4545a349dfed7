package io.streamlocks.coordinator.access;

import java.io.IOException;
import java.net.http.HttpResponse.BodySubscriber;
import java.net.http.HttpResponse.BodySubscribers;
import java.nio.ByteBuffer;
import java.util.List;
import java.util.Objects;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.Flow;
import org.jspecify.annotations.Nullable;

/** Reads the body of a response, and fails if it is too long. */
final class BoundedBody implements BodySubscriber<byte[]> {

    private final BodySubscriber<byte[]> whole = BodySubscribers.ofByteArray();
    private final int maxBytes;
    private Flow.@Nullable Subscription subscription;
    private long bytes;

    BoundedBody(int maxBytes) {
        this.maxBytes = maxBytes;
    }

    @Override
    public CompletionStage<byte[]> getBody() {
        return whole.getBody();
    }

    @Override
    public void onSubscribe(Flow.Subscription subscription) {
        this.subscription = subscription;
        whole.onSubscribe(subscription);
    }

    @Override
    public void onNext(List<ByteBuffer> next) {
        bytes += next.stream().mapToLong(ByteBuffer::remaining).sum();
        if (bytes > maxBytes) {
            // A publisher calls onSubscribe before onNext.
            Objects.requireNonNull(subscription).cancel();
            whole.onError(new IOException("The response is longer than " + maxBytes + " bytes"));
        } else {
            whole.onNext(next);
        }
    }

    @Override
    public void onError(Throwable error) {
        whole.onError(error);
    }

    @Override
    public void onComplete() {
        whole.onComplete();
    }
}
