package io.streamlocks.coordinator;

import static com.tngtech.archunit.core.domain.JavaCall.Predicates.target;
import static com.tngtech.archunit.core.domain.JavaClass.Predicates.assignableTo;
import static com.tngtech.archunit.core.domain.JavaClass.Predicates.resideInAPackage;
import static com.tngtech.archunit.core.domain.JavaClass.Predicates.resideInAnyPackage;
import static com.tngtech.archunit.core.domain.properties.HasName.Predicates.nameMatching;
import static com.tngtech.archunit.core.domain.properties.HasOwner.Predicates.With.owner;
import static com.tngtech.archunit.lang.syntax.ArchRuleDefinition.noClasses;
import static com.tngtech.archunit.library.dependencies.SlicesRuleDefinition.slices;

import com.tngtech.archunit.core.domain.JavaClasses;
import com.tngtech.archunit.core.importer.ClassFileImporter;
import io.javalin.http.Context;
import jakarta.servlet.ServletRequest;
import org.junit.jupiter.api.Test;

/**
 * Checks which libraries each package uses, and which packages use certain classes. {@link PackageMapTest} checks which
 * package of this project uses which.
 */
class ArchitectureTest {

    static final String ROOT = "io.streamlocks.coordinator";
    private static final String HTTP = ROOT + ".http";
    private static final String JETTY = HTTP + ".jetty";
    private static final String ACCESS = ROOT + ".access";
    private static final String LIMIT = ROOT + ".limit";
    private static final String RELOAD = ROOT + ".reload";
    private static final String TLS = ROOT + ".tls";
    private static final String LOG = ROOT + ".log";
    private static final String SETTINGS = ROOT + ".settings";
    private static final String DATABASE = ROOT + ".database";
    private static final String STORAGE = ROOT + ".storage";
    private static final String BACKGROUND = ROOT + ".background";
    private static final String TELEMETRY = ROOT + ".telemetry";
    private static final String LOCK = ROOT + ".lock";
    private static final String GROUP = LOCK + ".group";
    private static final String MEMORY = LOCK + ".memory";
    private static final String POSTGRES = LOCK + ".postgres";
    private static final String GENERATED = POSTGRES + ".generated";

    private static final String[] WEB = {"io.javalin..", "jakarta..", "org.eclipse.jetty.."};
    private static final String[] JSON = {"com.fasterxml.."};
    private static final String[] SQL = {"org.jooq..", "java.sql..", "javax.sql..", "org.postgresql.."};
    private static final String[] CREDENTIALS = {"com.nimbusds.."};
    private static final String[] MEASURING = {"io.micrometer..", "io.prometheus..", "io.opentelemetry.."};
    private static final String[] SET_UP = {"com.zaxxer..", "org.flywaydb.."};

    /** The classes of this module. Other modules on the class path have packages of the same prefix. */
    static final JavaClasses CLASSES = new ClassFileImporter()
            .importUrl(Main.class.getProtectionDomain().getCodeSource().getLocation());

    @Test
    void noClassUsesMainAndOnlyMainUsesTheCoordinator() {
        noClasses()
                .that()
                .doNotHaveSimpleName("Main")
                .should()
                .dependOnClassesThat()
                .haveSimpleName("Main")
                .check(CLASSES);
        noClasses()
                .that()
                .doNotHaveFullyQualifiedName(Main.class.getName())
                .and()
                .doNotHaveFullyQualifiedName(Coordinator.class.getName())
                .should()
                .dependOnClassesThat()
                .haveFullyQualifiedName(Coordinator.class.getName())
                .check(CLASSES);
    }

    @Test
    void theProtocolUsesNeitherWebNorJsonNorSql() {
        noClasses()
                .that()
                .resideInAPackage(LOCK)
                .should()
                .dependOnClassesThat(resideInAnyPackage(WEB)
                        .or(resideInAnyPackage(JSON))
                        .or(resideInAnyPackage(SQL))
                        .or(resideInAnyPackage(SET_UP))
                        .or(resideInAnyPackage(HTTP, LOG, GROUP, MEMORY, POSTGRES + "..")))
                .check(CLASSES);
    }

    @Test
    void groupCommitAndTheMemoryBackendUseNeitherWebNorJsonNorSql() {
        noClasses()
                .that()
                .resideInAnyPackage(GROUP, MEMORY)
                .should()
                .dependOnClassesThat(resideInAnyPackage(WEB)
                        .or(resideInAnyPackage(JSON))
                        .or(resideInAnyPackage(SQL))
                        .or(resideInAnyPackage(SET_UP)))
                .check(CLASSES);
    }

    @Test
    void thePostgresBackendUsesNeitherWebNorJson() {
        noClasses()
                .that()
                .resideInAPackage(POSTGRES)
                .should()
                .dependOnClassesThat(resideInAnyPackage(WEB).or(resideInAnyPackage(JSON)))
                .check(CLASSES);
    }

    /** A thread that waits for one client cannot serve others. Only http.jetty reads bodies and writes responses. */
    @Test
    void noRouteReadsOrWritesItself() {
        noClasses()
                .that()
                .resideInAPackage(HTTP)
                .should()
                .callMethodWhere(target(owner(assignableTo(Context.class)))
                        .and(target(nameMatching("result|json|jsonStream|html|writeJsonStream|writeSeekableStream"
                                + "|outputStream|body.*|formParam.*|uploadedFile.*"))))
                .orShould()
                .callMethodWhere(target(owner(assignableTo(ServletRequest.class)))
                        .and(target(nameMatching("getInputStream|getReader|getParameter.*|getPart.*"))))
                .check(CLASSES);
    }

    @Test
    void onlyHttpJettyUsesJetty() {
        noClasses()
                .that()
                .resideOutsideOfPackage(JETTY)
                .should()
                .dependOnClassesThat()
                .resideInAPackage("org.eclipse.jetty..")
                .check(CLASSES);
    }

    /** The API depends on the transport, and the transport calls the API by functions. */
    @Test
    void httpJettyUsesNeitherTheApiNorLocksNorJson() {
        noClasses()
                .that()
                .resideInAPackage(JETTY)
                .should()
                .dependOnClassesThat(resideInAnyPackage(HTTP, ACCESS, LIMIT, LOCK + "..")
                        .or(resideInAnyPackage(JSON))
                        .or(resideInAnyPackage("io.javalin.http..", "io.javalin.router..")))
                .check(CLASSES);
    }

    @Test
    void httpUsesNeitherSqlNorABackend() {
        noClasses()
                .that()
                .resideInAnyPackage(HTTP, JETTY)
                .should()
                .dependOnClassesThat(resideInAnyPackage(SQL)
                        .or(resideInAnyPackage(SET_UP))
                        .or(resideInAnyPackage(MEMORY, POSTGRES + "..")))
                .check(CLASSES);
    }

    @Test
    void accessLimitsAndFilesUseNeitherWebNorSql() {
        noClasses()
                .that()
                .resideInAnyPackage(ACCESS, LIMIT, RELOAD, TLS)
                .should()
                .dependOnClassesThat(
                        resideInAnyPackage(WEB).or(resideInAnyPackage(SQL)).or(resideInAnyPackage(SET_UP)))
                .check(CLASSES);
    }

    @Test
    void settingsUseNeitherADatabaseDriverNorTheWeb() {
        noClasses()
                .that()
                .resideInAPackage(SETTINGS)
                .should()
                .dependOnClassesThat(
                        resideInAnyPackage(WEB).or(resideInAnyPackage(SQL)).or(resideInAnyPackage(SET_UP)))
                .check(CLASSES);
    }

    @Test
    void theDatabaseUsesNeitherWebNorJsonNorHttp() {
        noClasses()
                .that()
                .resideInAPackage(DATABASE)
                .should()
                .dependOnClassesThat(resideInAnyPackage(WEB)
                        .or(resideInAnyPackage(JSON))
                        .or(resideInAnyPackage("java.net.http.."))
                        .or(resideInAnyPackage(HTTP + "..")))
                .check(CLASSES);
    }

    /** A third backend needs no change there. */
    @Test
    void noPackageThatUsesAStorageKnowsWhichOneItIs() {
        noClasses()
                .that()
                .resideInAnyPackage(STORAGE, BACKGROUND)
                .should()
                .dependOnClassesThat(resideInAnyPackage(SQL)
                        .or(resideInAnyPackage(SET_UP))
                        .or(resideInAnyPackage(DATABASE, POSTGRES + "..")))
                .check(CLASSES);
    }

    @Test
    void onlyAccessUsesJwts() {
        noClasses()
                .that()
                .resideOutsideOfPackage(ACCESS)
                .should()
                .dependOnClassesThat(resideInAnyPackage(CREDENTIALS))
                .check(CLASSES);
    }

    @Test
    void onlyTheDatabaseUsesHikariAndFlyway() {
        noClasses()
                .that()
                .resideOutsideOfPackage(DATABASE)
                .should()
                .dependOnClassesThat(resideInAnyPackage(SET_UP))
                .check(CLASSES);
    }

    @Test
    void onlyTelemetryUsesMicrometerAndOpenTelemetry() {
        noClasses()
                .that()
                .resideOutsideOfPackage(TELEMETRY)
                .should()
                .dependOnClassesThat(resideInAnyPackage(MEASURING))
                .check(CLASSES);
    }

    @Test
    void onlyMainReadsTheEnvironment() {
        noClasses()
                .that()
                .doNotHaveFullyQualifiedName(Main.class.getName())
                .should()
                .callMethod(System.class, "getenv")
                .orShould()
                .callMethod(System.class, "getenv", String.class)
                .check(CLASSES);
    }

    @Test
    void onlyThePostgresBackendUsesGeneratedClasses() {
        noClasses()
                .that()
                .resideOutsideOfPackages(POSTGRES, GENERATED + "..")
                .should()
                .dependOnClassesThat(resideInAPackage(GENERATED + ".."))
                .check(CLASSES);
    }

    @Test
    void noPackageIsNamedForAKindOfClass() {
        noClasses()
                .should()
                .resideInAnyPackage("..service..", "..dto..", "..mapper..", "..util..", "..common..")
                .check(CLASSES);
    }

    @Test
    void packagesHaveNoCycles() {
        slices().matching("(io.streamlocks..)")
                .should()
                .beFreeOfCycles()
                .ignoreDependency(resideInAPackage(GENERATED + ".."), resideInAPackage(GENERATED + ".."))
                .check(CLASSES);
    }
}
