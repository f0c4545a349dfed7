package io.streamlocks.client;

import java.util.Optional;
import org.jspecify.annotations.Nullable;

/** A lease was needed that is lost or closed. The work under it must stop. */
public final class LeaseLostException extends StreamLockException {

    private static final long serialVersionUID = 1L;

    /** Null if the lease was closed. A loss is not serializable, so that a copy of this exception has none either. */
    private final transient @Nullable LeaseLoss loss;

    LeaseLostException(String streamId, Optional<LeaseLoss> loss) {
        super(
                "The lease of stream " + streamId + " is over: "
                        + loss.map(why -> "lost, " + why.reason()).orElse("closed"),
                Optional.of(streamId),
                Optional.empty());
        this.loss = loss.orElse(null);
    }

    /** Returns why the lease was lost; empty if it was not lost but closed, by its holder or with its client. */
    public Optional<LeaseLoss> loss() {
        return Optional.ofNullable(loss);
    }
}
