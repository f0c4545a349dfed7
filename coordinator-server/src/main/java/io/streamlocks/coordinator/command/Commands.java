package io.streamlocks.coordinator.command;

import java.io.PrintStream;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/** The commands of the jar: {@code token}, {@code migrate}, {@code --version} and {@code --help}. They need no server. */
public final class Commands {

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
            Usage: java -jar coordinator.jar migrate
                migrates the schema of DATABASE_URL to this version, with the rights of its role, and ends.
                It reads only the settings of the database. It exits with 0 if the schema is up to date or
                newer, and otherwise with 1. A server migrates at its start, too, if its role may. If it may
                not, run this command first. See docs/operations.md, Two roles.
            """;

    private Commands() {}

    /**
     * Runs a command. Only {@code migrate} blocks, for as long as the migration takes.
     *
     * @param args the arguments, at least one
     * @param environment the variables of the environment
     * @param out receives the result
     * @param err receives what is wrong
     * @return the exit code: 0, 1 if the command has failed, or 2 if the arguments are not valid
     */
    public static int run(List<String> args, Map<String, String> environment, PrintStream out, PrintStream err) {
        if (args.contains("--help") || args.contains("-h")) {
            out.print(USAGE);
            return 0;
        }
        if (args.equals(List.of("--version"))) {
            out.println("Stream Lock Coordinator " + version() + ", on Java " + Runtime.version());
            return 0;
        }
        if (args.equals(List.of("migrate"))) {
            return MigrateCommand.run(environment, out, err);
        }
        try {
            List<String> options = args.subList(1, args.size());
            switch (args.get(0)) {
                case "token" -> TokenCommand.run(options, out);
                case "migrate" -> throw new IllegalArgumentException("migrate takes no options");
                default -> throw new IllegalArgumentException("There is no command " + args.get(0));
            }
            return 0;
        } catch (IllegalArgumentException e) {
            err.println(e.getMessage());
            err.print(USAGE);
            return 2;
        }
    }

    /** Classes outside of a jar have no version. */
    private static String version() {
        return Optional.ofNullable(Commands.class.getPackage().getImplementationVersion())
                .orElse("unreleased");
    }
}
