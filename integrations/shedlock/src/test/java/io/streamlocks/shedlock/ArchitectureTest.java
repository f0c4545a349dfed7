package io.streamlocks.shedlock;

import static com.tngtech.archunit.base.DescribedPredicate.not;
import static com.tngtech.archunit.core.domain.JavaClass.Predicates.resideInAnyPackage;
import static com.tngtech.archunit.lang.syntax.ArchRuleDefinition.noClasses;

import com.tngtech.archunit.core.importer.ClassFileImporter;
import com.tngtech.archunit.core.importer.ImportOption;
import org.junit.jupiter.api.Test;

class ArchitectureTest {

    @Test
    void theProviderUsesTheClientAndShedLockAndNothingElse() {
        noClasses()
                .should()
                .dependOnClassesThat(not(resideInAnyPackage(
                        "io.streamlocks.shedlock",
                        "io.streamlocks.client",
                        "net.javacrumbs.shedlock.core",
                        "org.slf4j",
                        "org.jspecify.annotations",
                        "java..")))
                .check(new ClassFileImporter()
                        .withImportOption(new ImportOption.DoNotIncludeTests())
                        .importPackages("io.streamlocks.shedlock"));
    }
}
