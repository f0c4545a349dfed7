package io.streamlocks.coordinator.database;

import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Properties;
import org.postgresql.PGProperty;
import org.postgresql.ssl.DefaultJavaSSLFactory;
import org.postgresql.util.OSUtil;

/** Finds the certificate of the CA of the database, which a {@link DatabaseUrl} names. */
final class RootCertificate {

    private RootCertificate() {}

    /**
     * Checks that the certificate can be read, and replaces the value "system" of libpq, which the driver does not
     * support. The driver looks for the certificate at each connection, and not at the start.
     *
     * @throws IllegalArgumentException if the options cannot be used
     */
    static void read(Properties properties) {
        String mode = PGProperty.SSL_MODE.getOrDefault(properties);
        String root = PGProperty.SSL_ROOT_CERT.getOrDefault(properties);
        if ("system".equals(root)) {
            if (mode != null && !mode.equals("verify-full")) {
                // A public CA certifies any name. Only the right name distinguishes the database from other servers.
                throw new IllegalArgumentException(
                        "has the option sslrootcert=system, which requires sslmode=verify-full");
            }
            if (PGProperty.SSL_CERT.isPresent(properties) || PGProperty.SSL_KEY.isPresent(properties)) {
                throw new IllegalArgumentException(
                        "has the option sslrootcert=system, which cannot be combined with sslcert and sslkey");
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
        Path file = root == null ? byDefault() : Path.of(root);
        if (!Files.isReadable(file)) {
            throw new IllegalArgumentException("has the option " + (mode == null ? "ssl=true" : "sslmode=" + mode)
                    + ", and no certificate of a CA can be read from " + file
                    + ": set sslrootcert to the file of the database's CA, or to system for the CAs that Java trusts");
        }
    }

    /** Returns where the driver looks by default. The place differs on Windows. */
    static Path byDefault() {
        return Path.of(OSUtil.getUserConfigRootDirectory(), "root.crt");
    }
}
