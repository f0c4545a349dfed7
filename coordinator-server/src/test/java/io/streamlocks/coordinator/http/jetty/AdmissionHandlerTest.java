package io.streamlocks.coordinator.http.jetty;

import static org.assertj.core.api.Assertions.assertThat;

import java.time.Duration;
import org.eclipse.jetty.server.Handler;
import org.eclipse.jetty.server.Request;
import org.eclipse.jetty.server.Response;
import org.eclipse.jetty.util.Callback;
import org.eclipse.jetty.util.thread.Invocable.InvocationType;
import org.junit.jupiter.api.Test;

class AdmissionHandlerTest {

    private static final Admission LET_IN =
            new Admission("caller", true, new RouteLimits(Duration.ofMinutes(1), 100), "nobody");

    /** A few threads read the requests of all clients. They must not verify all signatures, too. */
    @Test
    void theThreadThatReadsARequestOnlyAdmitsItIfThatIsQuick() {
        Handler quick = new Handler.Abstract.NonBlocking() {
            @Override
            public boolean handle(Request request, Response response, Callback callback) {
                return false;
            }
        };
        assertThat(admitting(false, quick).getInvocationType()).isEqualTo(InvocationType.NON_BLOCKING);
        assertThat(admitting(true, quick).getInvocationType()).isEqualTo(InvocationType.BLOCKING);
    }

    private static Handler admitting(boolean takesLong, Handler next) {
        AdmissionHandler admission = new AdmissionHandler(head -> LET_IN, takesLong);
        admission.setHandler(next);
        return admission;
    }
}
