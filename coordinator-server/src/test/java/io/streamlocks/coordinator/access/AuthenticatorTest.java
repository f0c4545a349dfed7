package io.streamlocks.coordinator.access;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Instant;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.atomic.AtomicReference;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Tests tokens of a file while time passes and the file changes. */
class AuthenticatorTest {

    private static final Principal WORKER = new Principal("w", Role.WORKER, List.of(), "");
    private static final Principal READER = new Principal("r", Role.READER, List.of(), "");

    @TempDir
    private Path directory;

    private Path file;
    private final AtomicReference<Instant> now = new AtomicReference<>(Instant.parse("2026-01-31T12:00:00Z"));
    private final NewToken worker = NewToken.of(WORKER, Optional.of(Instant.parse("2026-01-31T13:00:00Z")));
    private final NewToken reader = NewToken.of(READER, Optional.empty());
    private Authenticator authenticator;

    @BeforeEach
    void start() throws Exception {
        file = directory.resolve("tokens.jsonl");
        write(worker.line());
        authenticator = Authenticator.of(Optional.of(file), Optional.empty(), now::get);
    }

    private void write(String... lines) throws IOException {
        Files.writeString(file, String.join("\n", lines));
    }

    private Optional<Principal> principal(NewToken token) {
        return authenticator.authenticate(List.of("Bearer " + token.token()), "192.0.2.1");
    }

    @Test
    void aTokenOfTheFileIdentifiesItsCaller() {
        assertThat(principal(worker)).contains(WORKER);
        assertThat(principal(reader)).isEmpty();
        assertThat(authenticator.authenticate(List.of(), "192.0.2.1")).isEmpty();
    }

    @Test
    void theHashOfATokenIsNoToken() {
        String hash = worker.line().replaceAll(".*\"sha256\":\"([0-9a-f]+)\".*", "$1");
        assertThat(authenticator.authenticate(List.of("Bearer " + hash), "192.0.2.1"))
                .isEmpty();
    }

    @Test
    void aTokenEndsAtItsInstantOnTheWallClock() {
        now.set(Instant.parse("2026-01-31T12:59:59.999999999Z"));
        assertThat(principal(worker)).isPresent();
        now.set(Instant.parse("2026-01-31T13:00:00Z"));
        assertThat(principal(worker)).isEmpty();
    }

    @Test
    void anAddedTokenIsAcceptedAndARemovedOneIsRejected() throws Exception {
        write(worker.line(), reader.line());
        assertThat(principal(reader)).isEmpty();
        authenticator.reload();
        assertThat(principal(reader)).contains(READER);
        write(reader.line());
        authenticator.reload();
        assertThat(principal(worker)).isEmpty();
        assertThat(principal(reader)).contains(READER);
    }

    @Test
    void aBrokenEmptyOrMissingFileInvalidatesNoToken() throws Exception {
        for (String broken : List.of("{", "", "# none", reader.line() + "\n{\"id\":\"x\"}")) {
            write(broken);
            authenticator.reload();
            assertThat(principal(worker)).as(broken).contains(WORKER);
            assertThat(principal(reader)).as(broken).isEmpty();
        }
        Files.delete(file);
        authenticator.reload();
        assertThat(principal(worker)).contains(WORKER);
    }
}
