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

/**
 * The commands of the jar: {@code token}, {@code --version} and {@code --help}. They need no server and change no file.
 */
public final class TokenCommand {

    private static final String USAGE = """
            Usage: java -jar coordinator.jar
                starts a coordinator with the settings of the environment, such as HTTP_PORT=8080
                LOCK_BACKEND=postgres DATABASE_URL=postgres://user:password@host:5432/database.
                docs/configuration.md and .env.example list all settings.
            Usage: java -jar coordinator.jar --version | --help
            Usage: java -jar coordinator.jar token --id ID --role worker|reader|operator
                [--stream-prefix PREFIX]... [--owner-prefix PREFIX] [--expires-in 90d]
                makes a token and prints two lines: the token, for the caller, and its line for the
                file of COORDINATOR_TOKENS_FILE. The line does not reveal the token.
                --expires-in takes a number with the unit s, m, h or d.
                Change a copy of the file and rename it (mv): a server reads the file every second,
                and rejects the tokens of lines that are not written yet.
            """;

    private Optional<String> id = Optional.empty();
    private Optional<Role> role = Optional.empty();
    private final List<String> streamPrefixes = new ArrayList<>();
    private String ownerPrefix = "";
    private Optional<Duration> expiresIn = Optional.empty();

    private TokenCommand() {}

    /**
     * Runs a command.
     *
     * @param args the arguments, at least one
     * @param out receives the result
     * @param err receives what is wrong with the arguments
     * @return the exit code: 0, or 2 if the arguments are not valid
     */
    public static int run(List<String> args, PrintStream out, PrintStream err) {
        if (args.contains("--help") || args.contains("-h")) {
            out.print(USAGE);
            return 0;
        }
        if (args.equals(List.of("--version"))) {
            out.println("Stream Lock Coordinator " + version() + ", on Java " + Runtime.version());
            return 0;
        }
        try {
            if (!args.get(0).equals("token")) {
                throw new IllegalArgumentException("There is no command " + args.get(0));
            }
            NewToken made = parse(args.subList(1, args.size())).make();
            out.println(made.token());
            out.println(made.line());
            return 0;
        } catch (IllegalArgumentException e) {
            err.println(e.getMessage());
            err.print(USAGE);
            return 2;
        }
    }

    /** Classes outside of a jar have no version. */
    private static String version() {
        return Optional.ofNullable(TokenCommand.class.getPackage().getImplementationVersion())
                .orElse("unreleased");
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
