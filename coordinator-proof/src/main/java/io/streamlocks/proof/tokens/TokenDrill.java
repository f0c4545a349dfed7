package io.streamlocks.proof.tokens;

import io.streamlocks.proof.process.CoordinatorNode;
import io.streamlocks.proof.process.SteppedClock;
import io.streamlocks.testkit.rig.Folders;
import io.streamlocks.testkit.rig.Machine;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.sql.Connection;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Statement;
import java.util.HashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Random;

/**
 * Lets a database lose grants again and again, while a coordinator that is never restarted grants streams, and checks at
 * a fenced resource that no token repeats or falls. As the control, the same without the rules for tokens must fail.
 */
public final class TokenDrill {

    /** In the first two days after the migration, the sequence is ahead of the clock. */
    private static final List<String> AFTER_TWO_DAYS = List.of(
            "UPDATE stream_lock_epoch SET tokens_since = clock_timestamp() - interval '3 days'",
            "SELECT setval('stream_lock_fencing_token', 1)");

    private static final List<String> WITHOUT_RULES = List.of("""
            CREATE OR REPLACE FUNCTION stream_lock_next_token(previous bigint) RETURNS bigint LANGUAGE sql AS $$
                SELECT greatest(nextval('stream_lock_fencing_token'), previous + 1)
            $$""", """
            CREATE OR REPLACE FUNCTION stream_lock_enter_epoch() RETURNS void LANGUAGE sql AS $$
                SELECT set_config('stream_locks.epoch', 'stream_lock_epoch'::regclass::oid::text, false)
            $$""");

    /** How a database loses grants. */
    private enum Loss {
        FAIL_OVER("lossy fail-overs"),
        RESTORE("restores");

        final String title;

        Loss(String title) {
            this.title = title;
        }

        LossyDatabase start(Clocks clocks, Random random) throws IOException, InterruptedException, SQLException {
            return this == FAIL_OVER ? LossyPair.start(clocks) : Restores.start(clocks, random);
        }
    }

    private final TokenSettings settings;
    private final Random random;
    private final boolean clocksCanBeStepped = SteppedClock.library().isPresent();

    private TokenDrill(TokenSettings settings) throws IOException {
        this.settings = settings;
        this.random = new Random(settings.seed());
    }

    /**
     * Runs the drill with settings from the command line. Blocks for about five seconds per loss.
     *
     * @return whether no token repeated or fell, and the control found some that did
     * @throws IllegalArgumentException if an argument is wrong; the message names it
     */
    public static boolean run(List<String> args) throws IOException, InterruptedException, SQLException {
        TokenSettings settings = TokenSettings.of(args);
        Files.createDirectories(settings.output());
        System.out.println("seed " + settings.seed());
        TokenDrill drill = new TokenDrill(settings);
        if (!drill.clocksCanBeStepped) {
            System.out.println("SKIPPED: clocks that are behind, because libfaketime is not installed");
        }
        boolean holds = drill.rises(Loss.FAIL_OVER, settings.failOvers());
        holds &= drill.rises(Loss.RESTORE, settings.restores());
        return drill.controlFinds(Loss.FAIL_OVER) & drill.controlFinds(Loss.RESTORE) & holds;
    }

    private boolean rises(Loss loss, int times) throws IOException, InterruptedException, SQLException {
        int afterwards = times / 2;
        return violations(loss, times - afterwards, "after the migration", List.of()) == 0
                & violations(loss, afterwards, "after two days", AFTER_TWO_DAYS) == 0;
    }

    private boolean controlFinds(Loss loss) throws IOException, InterruptedException, SQLException {
        if (settings.controls() == 0 || violations(loss, settings.controls(), "without rules", WITHOUT_RULES) > 0) {
            return true;
        }
        System.out.println("The control found nothing: " + loss.title);
        return false;
    }

    /** Returns how many tokens repeated or fell. */
    private int violations(Loss loss, int times, String when, List<String> preparation)
            throws IOException, InterruptedException, SQLException {
        if (times == 0) {
            return 0;
        }
        Path folder = Files.createTempDirectory("tokens");
        try (LossyDatabase database = loss.start(new Clocks(folder, random, clocksCanBeStepped), random);
                CoordinatorNode coordinator = new CoordinatorNode(
                        "coordinator",
                        List.of(Machine.java(), "-Xmx256m"),
                        settings.coordinatorJar(),
                        Map.of("LOCK_BACKEND", "postgres", "DATABASE_URL", database.url()),
                        settings.output());
                Grants grants = new Grants(coordinator, random)) {
            coordinator.process().start();
            coordinator.awaitReady();
            execute(database, preparation);
            grants.each();
            for (int i = 0; i < times; i++) {
                database.lose(grants);
                grants.compare(tokens(database));
                grants.each();
            }
            if (!coordinator.process().isAlive()) {
                throw new IOException("The coordinator ended by itself; see "
                        + coordinator.process().log());
            }
            List<String> violations = grants.violations();
            violations.stream().limit(10).forEach(one -> System.out.println("  " + one));
            System.out.printf(
                    Locale.ROOT,
                    "%d %s %s: %d tokens, %d streams lost their latest, %d tokens repeated or fell%n",
                    times,
                    loss.title,
                    when,
                    grants.count(),
                    grants.lost(),
                    violations.size());
            return violations.size();
        } finally {
            Folders.delete(folder);
        }
    }

    private static Map<String, Long> tokens(LossyDatabase database) throws SQLException {
        try (Connection connection =
                        database.server().database(LossyDatabase.NAME).getConnection();
                Statement statement = connection.createStatement();
                ResultSet rows = statement.executeQuery("SELECT stream_id, fencing_token FROM stream_locks")) {
            Map<String, Long> tokens = new HashMap<>();
            while (rows.next()) {
                tokens.put(rows.getString(1), rows.getLong(2));
            }
            return tokens;
        }
    }

    private static void execute(LossyDatabase database, List<String> statements) throws SQLException {
        try (Connection connection =
                        database.server().database(LossyDatabase.NAME).getConnection();
                Statement statement = connection.createStatement()) {
            for (String sql : statements) {
                statement.execute(sql);
            }
        }
    }
}
