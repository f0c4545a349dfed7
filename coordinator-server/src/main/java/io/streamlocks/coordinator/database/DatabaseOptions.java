package io.streamlocks.coordinator.database;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Properties;
import java.util.regex.Pattern;
import org.postgresql.PGProperty;

/** Reads the options of a {@link DatabaseUrl}: those of the JDBC driver, by its names or by those of libpq. */
final class DatabaseOptions {

    private static final Pattern OPTION_NAME = Pattern.compile("[A-Za-z_]{1,40}");

    /** Options that have another name in libpq, which defines this form of URL, than in the JDBC driver. */
    private static final Map<String, PGProperty> LIBPQ_OPTIONS = Map.of(
            "application_name", PGProperty.APPLICATION_NAME,
            "channel_binding", PGProperty.CHANNEL_BINDING,
            "connect_timeout", PGProperty.CONNECT_TIMEOUT,
            "gssencmode", PGProperty.GSS_ENC_MODE,
            "require_auth", PGProperty.REQUIRE_AUTH,
            "sslnegotiation", PGProperty.SSL_NEGOTIATION,
            "target_session_attrs", PGProperty.TARGET_SERVER_TYPE);

    /** Options of libpq, Prisma and others that have another name here. */
    private static final Map<String, String> KNOWN_ELSEWHERE = Map.of(
            "schema", "use currentSchema",
            "search_path", "use currentSchema",
            "krbsrvname", "use kerberosServerName",
            "keepalives", "use tcpKeepAlive",
            "fallback_application_name", "use ApplicationName",
            "connection_limit", "use the setting DATABASE_POOL_SIZE",
            "pool_timeout", "use the setting DATABASE_CONNECTION_TIMEOUT_MS",
            "statement_timeout", "use the setting DATABASE_STATEMENT_TIMEOUT_MS",
            "client_encoding", "remove it: the encoding is UTF8",
            "pgbouncer", "remove it, and use PgBouncer in session mode");

    private DatabaseOptions() {}

    /**
     * Reads options.
     *
     * @param options the options as in the URL
     * @param plusIsSpace whether a plus sign is a space
     * @param properties receives the options
     * @throws IllegalArgumentException if an option cannot be used. The message contains no possible part of a password
     */
    static void read(String options, boolean plusIsSpace, Properties properties) {
        List<String> unknown = new ArrayList<>();
        // Everything after a password, and everything before an @, may be part of a password with a special character.
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
                                + DatabaseUrl.PERCENT_ENCODE);
            }
            if (isUnknown) {
                unknown.add(parts[0] + knownAs(parts[0]));
                continue;
            }
            mayBePassword |= property == PGProperty.PASSWORD;
            property.set(properties, checked(property, parts[0], DatabaseUrl.decoded(parts[1], plusIsSpace)));
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
                        .map(property -> "use " + property.getName())
                        .findFirst()
                        .orElse(""));
        return known.isEmpty() ? "" : " (" + known + ")";
    }

    /** The driver takes host, port and database only from a URL of its own, and a service from a file. */
    private static boolean isOption(PGProperty property) {
        return !property.getName().startsWith("PG") && property != PGProperty.SERVICE;
    }

    /** Returns the value in the form of the driver. The driver checks it at each connection, and not at the start. */
    private static String checked(PGProperty property, String name, String value) {
        if (property == PGProperty.TARGET_SERVER_TYPE) {
            return switch (value) {
                case "primary", "read-write" -> "primary";
                case "any" -> value;
                // A standby takes no writes, and every call of this server writes.
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
}
