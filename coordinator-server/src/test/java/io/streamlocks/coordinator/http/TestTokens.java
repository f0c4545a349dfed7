package io.streamlocks.coordinator.http;

import io.streamlocks.coordinator.access.Authenticator;
import io.streamlocks.coordinator.access.NewToken;
import io.streamlocks.coordinator.access.Principal;
import io.streamlocks.coordinator.access.Role;
import io.streamlocks.coordinator.reload.UnusableFileException;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.Optional;
import java.util.OptionalInt;

/** A tokens file for a test. */
final class TestTokens {

    private final Path file;

    /** Begins a file in this directory. */
    TestTokens(Path directory) {
        this.file = directory.resolve("tokens.jsonl");
    }

    /** Returns a new token for anything that the role may do. */
    String add(Role role) {
        return add(new Principal(role.code(), role, List.of(), ""));
    }

    String add(Principal principal) {
        return add(principal, Optional.empty());
    }

    String addExpired(Principal principal) {
        return add(principal, Optional.of(Instant.now().minus(Duration.ofSeconds(1))));
    }

    private String add(Principal principal, Optional<Instant> expiresAt) {
        NewToken made = NewToken.of(principal, expiresAt);
        try {
            Files.writeString(file, made.line() + "\n", StandardOpenOption.CREATE, StandardOpenOption.APPEND);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
        return made.token();
    }

    Path file() {
        return file;
    }

    Authenticator authenticator() {
        try {
            return Authenticator.of(Optional.of(file), Optional.empty());
        } catch (UnusableFileException e) {
            throw new AssertionError(e);
        }
    }

    /** Guards that ask for these tokens, and nothing else. */
    Guards guards() {
        return new Guards(
                Optional.of(authenticator()),
                Optional.empty(),
                Optional.empty(),
                OptionalInt.empty(),
                Optional.empty());
    }
}
