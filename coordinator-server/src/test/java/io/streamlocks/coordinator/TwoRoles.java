package io.streamlocks.coordinator;

import static org.awaitility.Awaitility.await;

import io.streamlocks.coordinator.database.DatabaseUrl;
import io.streamlocks.testkit.rig.TestDatabase;
import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import javax.sql.DataSource;
import org.jooq.DSLContext;
import org.jooq.SQLDialect;
import org.jooq.exception.DataAccessException;
import org.jooq.impl.DSL;

/**
 * The roles of docs/operations.md, "Two roles", in a database. Each step runs the SQL of the page. One test at a time
 * can have them, because all databases of the JVM share their roles.
 */
public final class TwoRoles implements AutoCloseable {

    /** The role that owns the tables. */
    public static final String OWNER = "locks_owner";

    /** The role of the servers. */
    public static final String SERVERS = "locks";

    private static final String DEADLOCK = "40P01";
    private static final Pattern GRANT =
            Pattern.compile("GRANT (?<privileges>.+) ON (?<kind>SEQUENCE |SCHEMA |)(?<objects>.+) TO " + SERVERS);

    private final TestDatabase database;
    private final String schema;

    private TwoRoles(TestDatabase database, String schema) {
        this.database = database;
        this.schema = schema;
    }

    /** Creates the roles for tables in this schema, which exists. */
    public static TwoRoles create(TestDatabase database, String schema) throws IOException {
        TwoRoles roles = new TwoRoles(database, schema);
        run(database.sql(), roles.sql(0));
        return roles;
    }

    /** Grants the servers their rights to the tables that exist. */
    public void grant() throws IOException {
        run(asOwner(), sql(1));
    }

    /** Returns the rights of the servers to the schema and to its objects, one in each {@code GRANT}. */
    List<String> singleGrants() throws IOException {
        List<String> grants = new ArrayList<>();
        for (String sql : Stream.concat(sql(0).stream(), sql(1).stream()).toList()) {
            Matcher grant = GRANT.matcher(sql);
            if (grant.matches()) {
                for (String privilege : grant.group("privileges").split(", ")) {
                    for (String object : grant.group("objects").split(", ")) {
                        grants.add("GRANT " + privilege + " ON " + grant.group("kind") + object + " TO " + SERVERS);
                    }
                }
            }
        }
        return grants;
    }

    /** Grants the servers their rights to the tables that later migrations create. */
    void grantForLater() throws IOException {
        run(asOwner(), sql(2));
    }

    /** Returns the statements that give the tables of the servers to the owner. */
    List<String> giveAway() throws IOException {
        return sql(3);
    }

    /** Returns a context that runs SQL as the owner, each statement on a connection of its own. */
    DSLContext asOwner() {
        return as(OWNER);
    }

    /** Returns a context that runs SQL as the servers, each statement on a connection of its own. */
    DSLContext asServers() {
        return as(SERVERS);
    }

    private DSLContext as(String role) {
        return DSL.using(source(role), SQLDialect.POSTGRES);
    }

    /** Returns a source of new connections as a role. */
    DataSource source(String role) {
        return DatabaseUrl.parse(url(role)).dataSource();
    }

    /** Returns a coordinator's {@code DATABASE_URL} for a role. */
    String url(String role) {
        return database.url().replace("postgres:postgres@", role + "@") + "?currentSchema=" + schema;
    }

    private List<String> sql(int block) throws IOException {
        String name = database.sql().fetchSingle("SELECT current_database()").get(0, String.class);
        return Runbook.sqlBlocks("Two roles").get(block).stream()
                .map(sql ->
                        sql.replace("SCHEMA public", "SCHEMA " + schema).replace("DATABASE locks", "DATABASE " + name))
                .toList();
    }

    private static void run(DSLContext context, List<String> statements) {
        statements.forEach(context::execute);
    }

    @Override
    public void close() {
        // A session that is about to end may still have tables locked, in another order.
        await().ignoreExceptionsMatching(e -> e instanceof DataAccessException sql && DEADLOCK.equals(sql.sqlState()))
                .untilAsserted(() -> database.sql().execute("DROP OWNED BY " + SERVERS + ", " + OWNER + " CASCADE"));
        database.sql().execute("DROP ROLE " + SERVERS + ", " + OWNER);
    }
}
