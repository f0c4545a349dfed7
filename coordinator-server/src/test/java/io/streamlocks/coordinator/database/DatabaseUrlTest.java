package io.streamlocks.coordinator.database;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;
import static org.assertj.core.api.Assertions.catchIllegalArgumentException;

import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.logging.Handler;
import java.util.logging.Level;
import java.util.logging.LogRecord;
import java.util.logging.Logger;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;
import org.postgresql.PGProperty;
import org.postgresql.ds.PGSimpleDataSource;

class DatabaseUrlTest {

    @ParameterizedTest
    @ValueSource(
            strings = {
                "postgres://u:p@h:6543/d",
                "postgresql://u:p@h:6543/d",
                "POSTGRES://u:p@h:6543/d",
                "jdbc:postgresql://h:6543/d?user=u&password=p",
                "postgres://h:6543/d?user=u&password=p"
            })
    void everyFormOfAUrlHasTheSameMeaning(String url) {
        PGSimpleDataSource dataSource = DatabaseUrl.parse(url).dataSource();

        assertThat(dataSource.getServerNames()).containsExactly("h");
        assertThat(dataSource.getPortNumbers()).containsExactly(6543);
        assertThat(dataSource.getDatabaseName()).isEqualTo("d");
        assertThat(dataSource.getUser()).isEqualTo("u");
        assertThat(dataSource.getPassword()).isEqualTo("p");
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            value = {
                "postgres://a,b/d?target_session_attrs=any | true",
                "jdbc:postgresql://a,b/d?targetServerType=any | true",
                "postgres://a,b/d | false",
                "postgres://a,b/d?target_session_attrs=read-write | false",
                "postgres://a/d?target_session_attrs=any | false"
            })
    void severalHostsOfWhichAnyIsAcceptedAreAFinding(String url, boolean found) {
        assertThat(DatabaseUrl.parse(url).finding().isPresent()).isEqualTo(found);
    }

    @Test
    void unknownOptionsAreReportedWithoutAdviceOnPasswords() {
        assertThatIllegalArgumentException()
                .isThrownBy(() -> DatabaseUrl.parse("postgres://h/d?schema=public"))
                .withMessageNotContaining("percent");
    }

    @Test
    void aHostMayHaveAnUnderscore() {
        assertThat(DatabaseUrl.parse("postgres://my_db:5432/d").dataSource().getServerNames())
                .containsExactly("my_db");
    }

    @Test
    void theCertificateOfTheCaIsReadByTheDriver(@TempDir Path directory) throws Exception {
        Path file = Files.createFile(directory.resolve("ca.pem"));
        assertThat(DatabaseUrl.parse("postgres://h/d?sslmode=verify-full&sslrootcert=" + file)
                        .dataSource()
                        .getSslRootCert())
                .isEqualTo(file.toString());
    }

    @Test
    void portUserAndPasswordMayBeMissing() {
        PGSimpleDataSource dataSource = DatabaseUrl.parse("postgres://h/d").dataSource();

        assertThat(dataSource.getPortNumbers()).containsExactly(5432);
        assertThat(dataSource.getUser()).isNull();
        assertThat(dataSource.getPassword()).isNull();
        assertThat(DatabaseUrl.parse("postgres://u@h:/d").dataSource().getUser())
                .isEqualTo("u");
    }

    @ParameterizedTest
    @CsvSource({
        "postgres://a%40b:%3A%2F%3F%23%25%26%3D%20@h/d, a@b, ':/?#%&= '",
        "postgres://u:a+b@h/d, u, a+b",
        "postgres://u:a&b=c@h/d, u, a&b=c",
        "postgres://u:a:b@h/d, u, a:b",
        "postgres://u:a@b@h/d, u, a@b",
        "postgres://u:%C3%BC@h/d, u, ü",
        "postgres://u:@h/d, u, ''",
        "jdbc:postgresql://h/d?user=a%40b&password=%26%3D+%2B, a@b, '&= +'"
    })
    void userAndPasswordAreDecodedOnce(String url, String user, String password) {
        PGSimpleDataSource dataSource = DatabaseUrl.parse(url).dataSource();

        assertThat(dataSource.getUser()).isEqualTo(user);
        assertThat(dataSource.getPassword()).isEqualTo(password);
        assertThat(dataSource.getServerNames()).containsExactly("h");
    }

    @Test
    void theDatabaseIsDecodedToo() {
        assertThat(DatabaseUrl.parse("postgres://h/my%20locks+").dataSource().getDatabaseName())
                .isEqualTo("my locks+");
    }

    @Test
    void severalHostsHaveAPortEach() {
        PGSimpleDataSource dataSource =
                DatabaseUrl.parse("postgres://u:p@a,b:6543,[::1]:7/d").dataSource();

        assertThat(dataSource.getServerNames()).containsExactly("a", "b", "[::1]");
        assertThat(dataSource.getPortNumbers()).containsExactly(5432, 6543, 7);
    }

    @ParameterizedTest
    @CsvSource({
        "postgres://h/d, primary",
        "'postgres://a,b/d', primary",
        "jdbc:postgresql://h/d?user=u, primary",
        "'postgres://a,b/d?target_session_attrs=any', any"
    })
    void connectionsAreMadeToAPrimaryUnlessTheUrlSaysOtherwise(String url, String targetServerType) {
        assertThat(DatabaseUrl.parse(url).dataSource().getTargetServerType()).isEqualTo(targetServerType);
    }

    @Test
    void aHostMayBeAnIpv6Address() {
        DatabaseUrl url = DatabaseUrl.parse("postgres://[2001:db8::1]:6543/d");

        assertThat(url.dataSource().getServerNames()).containsExactly("[2001:db8::1]");
        assertThat(url).hasToString("postgres://[2001:db8::1]:6543/d");
    }

    @ParameterizedTest
    @CsvSource({
        "sslmode=require, sslmode, require",
        "sslrootcert=system, sslmode, verify-full",
        "sslrootcert=system&sslmode=verify-full, sslfactory, org.postgresql.ssl.DefaultJavaSSLFactory",
        "sslrootcert=/etc/ca.pem, sslrootcert, /etc/ca.pem",
        "application_name=me, ApplicationName, me",
        "ApplicationName=me, ApplicationName, me",
        "connect_timeout=7, connectTimeout, 7",
        "connectTimeout=7, connectTimeout, 7",
        "target_session_attrs=read-write, targetServerType, primary",
        "target_session_attrs=primary, targetServerType, primary",
        "target_session_attrs=any, targetServerType, any",
        "targetServerType=primary, targetServerType, primary",
        "channel_binding=require, channelBinding, require",
        "gssencmode=disable, gssEncMode, disable",
        "sslnegotiation=direct, sslNegotiation, direct",
        "options=-c%20search_path=locks%2Cpublic, options, '-c search_path=locks,public'",
        "currentSchema=locks&, currentSchema, locks"
    })
    void optionsOfLibpqAndOfTheDriverReachTheDriver(String option, String name, String value) throws Exception {
        PGProperty property = PGProperty.forName(name);

        assertThat(property).isNotNull();
        assertThat(DatabaseUrl.parse("postgres://h/d?" + option).dataSource().getProperty(property))
                .isEqualTo(value);
        assertThat(DatabaseUrl.parse("jdbc:postgresql://h/d?" + option)
                        .dataSource()
                        .getProperty(property))
                .isEqualTo(value);
    }

    @ParameterizedTest
    @CsvSource(delimiter = '|', textBlock = """
            postgres://h                                   | names no database
            postgres://h/                                  | names no database
            postgres://h?sslmode=require                   | names no database
            postgres:///d                                  | names no host
            postgres://u:p@/d                              | names no host
            postgres://h:0/d                               | has a port that is not from 1 to 65535
            postgres://h:65536/d                           | has a port that is not from 1 to 65535
            postgres://h:port/d                            | has a host that is not like name, name:5432 or [::1]:5432
            postgres://a,,b/d                              | has a host that is not like
            postgres://::1/d                               | has a host that is not like
            postgres://%2Fvar%2Frun/d                      | has a host that is not like
            postgres://u:%zz@h/d                           | has a % that is not followed by two hex digits
            postgres://u:100%@h/d                          | has a % that is not followed by two hex digits
            postgres://h/d?sslmod=require                  | has options that the PostgreSQL JDBC driver does not know: sslmod
            postgres://h/d?schema=public&a=b&pgbouncer=true&sslmode=require | does not know: schema (use currentSchema), a, pgbouncer (remove it, and use PgBouncer in session mode)
            postgres://h/d?connection_limit=5&pool_timeout=2 | does not know: connection_limit (use the setting DATABASE_POOL_SIZE), pool_timeout (use the setting DATABASE_CONNECTION_TIMEOUT_MS)
            postgres://h/d?applicationname=x               | does not know: applicationname (use ApplicationName)
            postgres://h/d?sslrootcert=system&sslmode=require | has the option sslrootcert=system, which requires sslmode=verify-full
            postgres://h/d?sslrootcert=system&sslcert=x    | cannot be combined with sslcert and sslkey
            postgres://h/d?sslmode=verify-full             | has the option sslmode=verify-full, and no certificate of a CA can be read from
            postgres://h/d?ssl=true                        | set sslrootcert to the file of the database's CA, or to system for the CAs that Java trusts
            postgres://h/d?sslmode=verify-ca&sslrootcert=/no/such.pem | has the option sslmode=verify-ca, and no certificate of a CA can be read from /no/such.pem
            postgres://h/d?sslmode                         | does not know or that has no value
            postgres://h/d?service=x                       | does not know: service
            postgres://h/d?PGHOST=x                        | does not know: PGHOST
            postgres://h/d?load_balance_hosts=random       | does not know: load_balance_hosts (use loadBalanceHosts)
            postgres://h/d?sslmode=on                      | has the option sslmode, which must be one of disable, allow
            postgres://h/d?connect_timeout=2s              | has the option connect_timeout, which must be an integer
            postgres://a,b/d?target_session_attrs=standby  | has the option target_session_attrs, which must be primary or any
            postgres://a,b/d?targetServerType=secondary    | has the option targetServerType, which must be primary or any
            postgres://h/d#x                               | must be like postgres://user:password@host:5432/database
            postgres://h/d/e                               | must be like
            mysql://h/d                                    | must be like
            jdbc:mysql://h/d                               | must be like
            jdbc:postgresql:d                              | must be like
            h:5432/d                                       | must be like
            host=h dbname=d                                | must be like
            ://                                            | must be like
            """)
    void aUrlThatCannotBeUsedIsRejectedWithTheReason(String url, String problem) {
        assertThatIllegalArgumentException()
                .isThrownBy(() -> DatabaseUrl.parse(url))
                .withMessageContaining(problem);
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "postgres://u:s3cr3t%@h/d",
                "postgres://u:s3cr3t%@h",
                "postgres://u:s3cr3t@h",
                "postgres://u:s3cr3t@h:x/d",
                "postgres://u:s3cr3t@h:99999/d",
                "postgres://u:s3cr3t/@h/d",
                "postgres://u:s3cr3t?x=y@h/d",
                "postgres://u:1/d?s3cr3t@h/d",
                "postgres://u:#s3cr3t@h/d",
                "postgres://u:1/d?s3cr3t=b@h/d",
                "postgres://u:s3cr3t@h/d?nonsense=1",
                "mysql://u:s3cr3t@h/d",
                "u:s3cr3t@h/d",
                "s3cr3t",
                "jdbc:postgresql://h?user=u&password=s3cr3t",
                "jdbc:postgresql:/h/d?user=u&password=s3cr3t",
                "jdbc:postgresql://h:x/d?user=u&password=s3cr3t",
                "jdbc:postgresql://h/d?user=u&password=s3cr3t%",
                "jdbc:postgresql://h/d?user=u&password=a&s3cr3t",
                "jdbc:postgresql://h/d?user=u&password=a&s3cr3t=b",
                "jdbc:postgresql://h/d?user=u&password=s3cr3t&sslmode=x"
            })
    void noPartOfAPasswordIsRepeatedOrLoggedByTheDriver(String url) {
        List<String> logged = new ArrayList<>();
        Handler handler = new Handler() {
            @Override
            public void publish(LogRecord entry) {
                logged.add(entry.getLevel() + " " + entry.getMessage());
            }

            @Override
            public void flush() {}

            @Override
            public void close() {}
        };
        Logger driver = Logger.getLogger("org.postgresql");
        Level level = driver.getLevel();
        driver.addHandler(handler);
        driver.setLevel(Level.ALL);
        try {
            IllegalArgumentException e = catchIllegalArgumentException(() -> DatabaseUrl.parse(url));

            assertThat(e).isNotNull();
            assertThat(e.getCause()).isNull();
            assertThat(e.getMessage()).doesNotContain("s3cr3t");
            assertThat(logged).isEmpty();
        } finally {
            driver.removeHandler(handler);
            driver.setLevel(level);
        }
    }

    @Test
    void itIsPrintedWithoutUserAndPassword() {
        assertThat(DatabaseUrl.parse("postgres://someone:s3cr3t@a,b:6543/d?sslpassword=s3cr3t"))
                .hasToString("postgres://a:5432,b:6543/d");
    }
}
