package io.streamlocks.coordinator.database;

import java.net.URLDecoder;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import java.util.Properties;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import org.postgresql.PGProperty;
import org.postgresql.ds.PGSimpleDataSource;

/**
 * Where the database is and how to log in: {@code postgres://user:password@host:port/db?options}, the form of most
 * platforms, or {@code jdbc:postgresql://host:port/db?user=...&password=...}. Commas separate several hosts. The server
 * connects to a primary only, unless the URL says otherwise.
 *
 * @param properties the URL as settings of the PostgreSQL JDBC driver, with the password
 */
public record DatabaseUrl(Properties properties) {

    /** The driver does not read the URL, because it logs a URL that it cannot read, with the password. */
    private static final Pattern URL = Pattern.compile(
            "(?<scheme>jdbc:postgresql|postgres|postgresql)://((?<login>[^/?#]*)@)?(?<hosts>[^/?#@]*)"
                    + "(/(?<database>[^/?#]*))?(\\?(?<options>[^#]*))?",
            Pattern.CASE_INSENSITIVE);

    private static final Pattern HOST = Pattern.compile("(?<name>\\[[0-9a-fA-F:.]+]|[\\w.-]+)(:(?<port>\\d{0,5}))?");

    /** The end of a message about a URL in which special characters may be the reason. */
    static final String PERCENT_ENCODE = "; percent-encode special characters in the user and the password";

    /**
     * Reads a URL.
     *
     * @param url the URL
     * @return the URL as settings of the driver
     * @throws IllegalArgumentException if the URL cannot be used. The message does not repeat it: it may contain a
     *     password
     */
    public static DatabaseUrl parse(String url) {
        Matcher matcher = URL.matcher(url);
        if (!matcher.matches()) {
            throw new IllegalArgumentException("must be like postgres://user:password@host:5432/database"
                    + " or jdbc:postgresql://host:5432/database?user=...&password=..." + PERCENT_ENCODE);
        }
        // A plus sign is a space in the query of a JDBC URL, and a plus sign in a PostgreSQL URL.
        boolean plusIsSpace = matcher.group("scheme").contains(":");
        Properties properties = new Properties();
        readLogin(matcher.group("login"), properties);
        readHosts(matcher.group("hosts"), properties);
        String database = matcher.group("database");
        if (database == null || database.isEmpty()) {
            throw new IllegalArgumentException("names no database");
        }
        PGProperty.PG_DBNAME.set(properties, decoded(database, false));
        if (matcher.group("options") != null) {
            DatabaseOptions.read(matcher.group("options"), plusIsSpace, properties);
        }
        RootCertificate.read(properties);
        if (!PGProperty.TARGET_SERVER_TYPE.isPresent(properties)) {
            // This applies to a single host, too. After a fail-over its name may still lead to the old primary, now a
            // standby, and the pool would keep those connections.
            PGProperty.TARGET_SERVER_TYPE.set(properties, "primary");
        }
        return new DatabaseUrl(properties);
    }

    /** Returns whether the URL contains the password. */
    public boolean hasPassword() {
        String password = PGProperty.PASSWORD.getOrDefault(properties);
        return password != null && !password.isEmpty();
    }

    /** Returns a data source that opens a connection per call. */
    public PGSimpleDataSource dataSource() {
        return dataSource(new HostsDataSource());
    }

    /**
     * Sets up a data source.
     *
     * @param dataSource a new one
     * @return the same data source
     */
    PGSimpleDataSource dataSource(PGSimpleDataSource dataSource) {
        dataSource.setServerNames(PGProperty.PG_HOST.getOrDefault(properties).split(","));
        int[] ports = Arrays.stream(PGProperty.PG_PORT.getOrDefault(properties).split(","))
                .mapToInt(Integer::parseInt)
                .toArray();
        dataSource.setPortNumbers(ports);
        dataSource.setDatabaseName(PGProperty.PG_DBNAME.getOrDefault(properties));
        for (PGProperty property : PGProperty.values()) {
            if (property.isPresent(properties) && !property.getName().startsWith("PG")) {
                dataSource.setProperty(property, property.getOrDefault(properties));
            }
        }
        return dataSource;
    }

    /** Returns how this URL can lose grants; empty if it cannot. */
    Optional<String> finding() {
        boolean severalHosts = PGProperty.PG_HOST.getOrDefault(properties).contains(",");
        boolean takesAny =
                PGProperty.TARGET_SERVER_TYPE.getOrDefault(properties).equals("any");
        return severalHosts && takesAny
                ? Optional.of(
                        "DATABASE_URL names several hosts and accepts any of them. One may be a standby, which takes no"
                                + " writes, or a replaced primary, whose grants no other server sees. Remove"
                                + " targetServerType (target_session_attrs), or set it to primary")
                : Optional.empty();
    }

    /** Returns where the database is, without user and password. */
    @Override
    public String toString() {
        String[] hosts = PGProperty.PG_HOST.getOrDefault(properties).split(",");
        String[] ports = PGProperty.PG_PORT.getOrDefault(properties).split(",");
        StringBuilder where = new StringBuilder("postgres://");
        for (int i = 0; i < hosts.length; i++) {
            where.append(i == 0 ? "" : ",").append(hosts[i]).append(':').append(ports[i]);
        }
        return where.append('/')
                .append(PGProperty.PG_DBNAME.getOrDefault(properties))
                .toString();
    }

    private static void readLogin(String login, Properties properties) {
        String[] parts = login == null ? new String[] {""} : login.split(":", 2);
        if (!parts[0].isEmpty()) {
            PGProperty.USER.set(properties, decoded(parts[0], false));
        }
        if (parts.length == 2) {
            PGProperty.PASSWORD.set(properties, decoded(parts[1], false));
        }
    }

    private static void readHosts(String hosts, Properties properties) {
        if (hosts.isEmpty()) {
            throw new IllegalArgumentException("names no host");
        }
        List<Matcher> matchers =
                Arrays.stream(hosts.split(",", -1)).map(HOST::matcher).toList();
        if (!matchers.stream().allMatch(Matcher::matches)) {
            throw new IllegalArgumentException(
                    "has a host that is not like name, name:5432 or [::1]:5432" + PERCENT_ENCODE);
        }
        PGProperty.PG_HOST.set(
                properties, matchers.stream().map(host -> host.group("name")).collect(Collectors.joining(",")));
        PGProperty.PG_PORT.set(
                properties,
                matchers.stream().map(host -> port(host.group("port"))).collect(Collectors.joining(",")));
    }

    private static String port(String port) {
        if (port == null || port.isEmpty()) {
            return PGProperty.PG_PORT.getDefaultValue();
        }
        int number = Integer.parseInt(port);
        if (number < 1 || number > 65_535) {
            throw new IllegalArgumentException("has a port that is not from 1 to 65535");
        }
        return Integer.toString(number);
    }

    /** Decodes an option or another part of the URL. */
    static String decoded(String encoded, boolean plusIsSpace) {
        try {
            return URLDecoder.decode(plusIsSpace ? encoded : encoded.replace("+", "%2B"), StandardCharsets.UTF_8);
        } catch (IllegalArgumentException e) {
            // The message of the cause repeats a part of the URL, so it is not chained.
            throw new IllegalArgumentException("has a % that is not followed by two hex digits" + PERCENT_ENCODE);
        }
    }
}
