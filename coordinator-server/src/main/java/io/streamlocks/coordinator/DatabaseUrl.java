package io.streamlocks.coordinator;

import java.net.URLDecoder;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.Properties;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import org.postgresql.PGProperty;
import org.postgresql.ds.PGSimpleDataSource;
import org.postgresql.ssl.DefaultJavaSSLFactory;

/**
 * Where the database is and how to log in: {@code postgres://user:password@host:port/db?options}, as most platforms
 * hand it out, or {@code jdbc:postgresql://host:port/db?user=...&password=...}. Several hosts are separated by commas.
 * Connections are made to a primary only, unless the URL says otherwise.
 *
 * @param properties the settings of the PostgreSQL JDBC driver that the URL stands for, its password among them
 */
record DatabaseUrl(Properties properties) {

    /** Read here and not by the driver, which logs a URL that it cannot read, with the password in it. */
    private static final Pattern URL = Pattern.compile(
            "(?<scheme>jdbc:postgresql|postgres|postgresql)://((?<login>[^/?#]*)@)?(?<hosts>[^/?#@]*)"
                    + "(/(?<database>[^/?#]*))?(\\?(?<options>[^#]*))?",
            Pattern.CASE_INSENSITIVE);

    private static final Pattern HOST = Pattern.compile("(?<name>\\[[0-9a-fA-F:.]+]|[\\w.-]+)(:(?<port>\\d{0,5}))?");

    private static final Pattern OPTION_NAME = Pattern.compile("[A-Za-z_]{1,40}");

    private static final String PERCENT_ENCODE = "; percent-encode special characters in the user and the password";

    /** Options that libpq, whose form of URL this is, names differently from the JDBC driver. */
    private static final Map<String, PGProperty> LIBPQ_OPTIONS = Map.of(
            "application_name", PGProperty.APPLICATION_NAME,
            "channel_binding", PGProperty.CHANNEL_BINDING,
            "connect_timeout", PGProperty.CONNECT_TIMEOUT,
            "gssencmode", PGProperty.GSS_ENC_MODE,
            "require_auth", PGProperty.REQUIRE_AUTH,
            "sslnegotiation", PGProperty.SSL_NEGOTIATION,
            "target_session_attrs", PGProperty.TARGET_SERVER_TYPE);

    /** What goes by another name here, among the options of libpq, Prisma and others. */
    private static final Map<String, String> KNOWN_ELSEWHERE = Map.of(
            "schema", "it is currentSchema",
            "search_path", "it is currentSchema",
            "krbsrvname", "it is kerberosServerName",
            "keepalives", "it is tcpKeepAlive",
            "fallback_application_name", "it is ApplicationName",
            "connection_limit", "it is the setting DATABASE_POOL_SIZE",
            "pool_timeout", "it is the setting DATABASE_CONNECTION_TIMEOUT_MS",
            "statement_timeout", "it is the setting DATABASE_STATEMENT_TIMEOUT_MS",
            "client_encoding", "leave it out: it is UTF8",
            "pgbouncer", "leave it out, and use PgBouncer in session mode");

    /**
     * Reads a URL.
     *
     * @param url the URL
     * @return what it says
     * @throws IllegalArgumentException saying what is wrong, without repeating the URL: it may hold a password
     */
    static DatabaseUrl parse(String url) {
        Matcher matcher = URL.matcher(url);
        if (!matcher.matches()) {
            throw new IllegalArgumentException("must be like postgres://user:password@host:5432/database"
                    + " or jdbc:postgresql://host:5432/database?user=...&password=..." + PERCENT_ENCODE);
        }
        // In the query of a JDBC URL a plus sign stands for a space, in a PostgreSQL URL for itself.
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
            readOptions(matcher.group("options"), plusIsSpace, properties);
        }
        readRootCertificate(properties);
        if (!PGProperty.TARGET_SERVER_TYPE.isPresent(properties)) {
            // Of one host too: after a fail-over its name may for a while lead to what is a standby now, and the pool
            // would keep those connections.
            PGProperty.TARGET_SERVER_TYPE.set(properties, "primary");
        }
        return new DatabaseUrl(properties);
    }

    /** Whether it has the password. */
    boolean hasPassword() {
        String password = PGProperty.PASSWORD.getOrDefault(properties);
        return password != null && !password.isEmpty();
    }

    /** A data source that opens a connection a call. */
    PGSimpleDataSource dataSource() {
        return dataSource(new PGSimpleDataSource());
    }

    /**
     * Sets up a data source.
     *
     * @param dataSource a new one
     * @return the same
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

    /** What can lose grants in how it is written; empty if nothing can. */
    Optional<String> finding() {
        boolean severalHosts = PGProperty.PG_HOST.getOrDefault(properties).contains(",");
        boolean takesAny =
                PGProperty.TARGET_SERVER_TYPE.getOrDefault(properties).equals("any");
        return severalHosts && takesAny
                ? Optional.of(
                        "DATABASE_URL names several hosts and takes any of them: a standby, which takes no writes, or"
                                + " a primary that another has replaced, whose grants nobody else knows. Leave out"
                                + " targetServerType (target_session_attrs), or set it to primary")
                : Optional.empty();
    }

    /** Where the database is, without user and password. */
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

    private static void readOptions(String options, boolean plusIsSpace, Properties properties) {
        List<String> unknown = new ArrayList<>();
        // What follows a password may be the rest of it, after a special character; and so may all before an @.
        boolean mayBePassword = options.contains("@");
        for (String option : options.split("&")) {
            if (option.isEmpty()) {
                continue;
            }
            String[] parts = option.split("=", 2);
            PGProperty property = LIBPQ_OPTIONS.getOrDefault(parts[0], PGProperty.forName(parts[0]));
            boolean isUnknown = property == null || !isOption(property);
            if (parts.length == 1
                    || isUnknown
                            && (mayBePassword || !OPTION_NAME.matcher(parts[0]).matches())) {
                throw new IllegalArgumentException(
                        "has an option that the PostgreSQL JDBC driver does not know or that has no value"
                                + PERCENT_ENCODE);
            }
            if (isUnknown) {
                unknown.add(parts[0] + knownAs(parts[0]));
                continue;
            }
            mayBePassword |= property == PGProperty.PASSWORD;
            property.set(properties, checked(property, parts[0], decoded(parts[1], plusIsSpace)));
        }
        if (!unknown.isEmpty()) {
            throw new IllegalArgumentException(
                    "has options that the PostgreSQL JDBC driver does not know: " + String.join(", ", unknown));
        }
    }

    private static String knownAs(String name) {
        String known = KNOWN_ELSEWHERE.getOrDefault(
                name.toLowerCase(Locale.ROOT),
                Arrays.stream(PGProperty.values())
                        .filter(property ->
                                isOption(property) && property.getName().equalsIgnoreCase(name.replace("_", "")))
                        .map(property -> "it is " + property.getName())
                        .findFirst()
                        .orElse(""));
        return known.isEmpty() ? "" : " (" + known + ")";
    }

    /** The driver itself would look for the certificate at each connection, and does not know libpq's "system". */
    private static void readRootCertificate(Properties properties) {
        String mode = PGProperty.SSL_MODE.getOrDefault(properties);
        String root = PGProperty.SSL_ROOT_CERT.getOrDefault(properties);
        if ("system".equals(root)) {
            if (mode != null && !mode.equals("verify-full")) {
                // Any CA of the world vouches for some name; only the right name tells the database from others.
                throw new IllegalArgumentException(
                        "has the option sslrootcert=system, which wants sslmode=verify-full");
            }
            if (PGProperty.SSL_CERT.isPresent(properties) || PGProperty.SSL_KEY.isPresent(properties)) {
                throw new IllegalArgumentException(
                        "has the option sslrootcert=system, which does not go with sslcert and sslkey");
            }
            PGProperty.SSL_MODE.set(properties, "verify-full");
            PGProperty.SSL_FACTORY.set(properties, DefaultJavaSSLFactory.class.getName());
            properties.remove(PGProperty.SSL_ROOT_CERT.getName());
            return;
        }
        boolean verifies =
                mode == null ? "true".equals(PGProperty.SSL.getOrDefault(properties)) : mode.startsWith("verify-");
        if (!verifies || PGProperty.SSL_FACTORY.isPresent(properties)) {
            return;
        }
        Path file = root == null ? Path.of(System.getProperty("user.home"), ".postgresql", "root.crt") : Path.of(root);
        if (!Files.isReadable(file)) {
            throw new IllegalArgumentException("has the option " + (mode == null ? "ssl=true" : "sslmode=" + mode)
                    + ", and no certificate of a CA can be read from " + file
                    + ": set sslrootcert to the file of the database's CA, or to system for the CAs that Java trusts");
        }
    }

    /** The driver takes the place of the database from its own URL only, and a service from a file. */
    private static boolean isOption(PGProperty property) {
        return !property.getName().startsWith("PG") && property != PGProperty.SERVICE;
    }

    /** The value as the driver has it. The driver itself would complain at each connection, and never at the start. */
    private static String checked(PGProperty property, String name, String value) {
        if (property == PGProperty.TARGET_SERVER_TYPE) {
            return switch (value) {
                case "primary", "read-write" -> "primary";
                case "any" -> value;
                // A standby takes no writes, and each call here is one.
                default ->
                    throw new IllegalArgumentException("has the option " + name + ", which must be primary or any");
            };
        }
        String[] choices = property.getChoices();
        if (choices != null && !Arrays.asList(choices).contains(value)) {
            throw new IllegalArgumentException(
                    "has the option " + name + ", which must be one of " + String.join(", ", choices));
        }
        String standard = property.getDefaultValue();
        if (standard != null && standard.matches("-?\\d+") && !value.matches("-?\\d{1,9}")) {
            throw new IllegalArgumentException("has the option " + name + ", which must be an integer");
        }
        return value;
    }

    private static String decoded(String encoded, boolean plusIsSpace) {
        try {
            return URLDecoder.decode(plusIsSpace ? encoded : encoded.replace("+", "%2B"), StandardCharsets.UTF_8);
        } catch (IllegalArgumentException e) {
            // Not chained: the message of the cause repeats a part of the URL.
            throw new IllegalArgumentException("has a % that no two hex digits follow" + PERCENT_ENCODE);
        }
    }
}
