package io.streamlocks.coordinator.database;

import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Properties;
import org.postgresql.PGProperty;
import org.postgresql.ssl.DefaultJavaSSLFactory;
import org.postgresql.util.OSUtil;

/** The certificate of the CA that vouches for the database, as a {@link DatabaseUrl} names it. */
final class RootCertificate {

    private RootCertificate() {}

    /** The driver itself would look for the certificate at each connection, and does not know libpq's "system". */
    static void read(Properties properties) {
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
        Path file = root == null ? byDefault() : Path.of(root);
        if (!Files.isReadable(file)) {
            throw new IllegalArgumentException("has the option " + (mode == null ? "ssl=true" : "sslmode=" + mode)
                    + ", and no certificate of a CA can be read from " + file
                    + ": set sslrootcert to the file of the database's CA, or to system for the CAs that Java trusts");
        }
    }

    /** The driver looks here, which is another place on Windows. */
    static Path byDefault() {
        return Path.of(OSUtil.getUserConfigRootDirectory(), "root.crt");
    }
}
