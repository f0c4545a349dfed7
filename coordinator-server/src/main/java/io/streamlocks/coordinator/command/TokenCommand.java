package io.streamlocks.coordinator.command;

import io.streamlocks.coordinator.access.NewToken;
import io.streamlocks.coordinator.access.Principal;
import io.streamlocks.coordinator.access.Role;
import io.streamlocks.coordinator.settings.DurationText;
import java.io.PrintStream;
import java.time.Duration;
import java.time.Instant;
import java.time.temporal.ChronoUnit;
import java.util.ArrayList;
import java.util.Iterator;
import java.util.List;
import java.util.Optional;

/** Makes a token. It changes no file. */
final class TokenCommand {

    private Optional<String> id = Optional.empty();
    private Optional<Role> role = Optional.empty();
    private final List<String> streamPrefixes = new ArrayList<>();
    private String ownerPrefix = "";
    private Optional<Duration> expiresIn = Optional.empty();

    private TokenCommand() {}

    /**
     * Prints a new token, and then its line.
     *
     * @param options the arguments behind the name of the command
     * @param out receives the two lines
     * @throws IllegalArgumentException if the options are not valid
     */
    static void run(List<String> options, PrintStream out) {
        NewToken made = parse(options).make();
        out.println(made.token());
        out.println(made.line());
    }

    private static TokenCommand parse(List<String> args) {
        TokenCommand command = new TokenCommand();
        Iterator<String> rest = args.iterator();
        while (rest.hasNext()) {
            String option = rest.next();
            switch (option) {
                case "--id" -> command.id = Optional.of(value(option, rest));
                case "--role" -> command.role = Optional.of(role(value(option, rest)));
                case "--stream-prefix" -> command.streamPrefixes.add(value(option, rest));
                case "--owner-prefix" -> command.ownerPrefix = value(option, rest);
                case "--expires-in" -> command.expiresIn = Optional.of(duration(value(option, rest)));
                default -> throw new IllegalArgumentException("There is no option " + option);
            }
        }
        return command;
    }

    private static String value(String option, Iterator<String> rest) {
        if (!rest.hasNext()) {
            throw new IllegalArgumentException(option + " needs a value");
        }
        String value = rest.next();
        if (value.isEmpty()) {
            throw new IllegalArgumentException(option + " must not be empty");
        }
        return value;
    }

    private static Role role(String name) {
        return Role.of(name).orElseThrow(() -> new IllegalArgumentException("There is no role " + name));
    }

    private static Duration duration(String text) {
        return DurationText.parse(text)
                .filter(duration -> !duration.isZero())
                .orElseThrow(() -> new IllegalArgumentException(
                        "--expires-in must be a number with the unit s, m, h or d, above 0"));
    }

    private NewToken make() {
        if (id.isEmpty() || role.isEmpty()) {
            throw new IllegalArgumentException("--id and --role must be set");
        }
        Optional<Instant> expiresAt = expiresIn.map(Instant.now().truncatedTo(ChronoUnit.SECONDS)::plus);
        return NewToken.of(new Principal(id.get(), role.get(), streamPrefixes, ownerPrefix), expiresAt);
    }
}
