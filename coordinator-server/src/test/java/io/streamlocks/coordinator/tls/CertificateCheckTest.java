package io.streamlocks.coordinator.tls;

import static org.assertj.core.api.Assertions.assertThat;

import io.streamlocks.testkit.rig.TestCertificate;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.security.KeyStore;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.api.parallel.Execution;
import org.junit.jupiter.api.parallel.ExecutionMode;

@Execution(ExecutionMode.CONCURRENT)
class CertificateCheckTest {

    private static final String SUBJECT = "The certificate of CN=localhost ";

    @TempDir
    private Path directory;

    private TestCertificate make(String... arguments) {
        return TestCertificate.make(directory, arguments);
    }

    private static KeyStore store(TestCertificate made, TestCertificate... issuers) throws Exception {
        StringBuilder chain = new StringBuilder(made.certificatePem());
        for (TestCertificate issuer : issuers) {
            chain.append(issuer.certificatePem());
        }
        return PemKeyStore.of(List.of(
                chain.toString().getBytes(StandardCharsets.UTF_8), made.keyPem().getBytes(StandardCharsets.UTF_8)));
    }

    private static List<String> problems(KeyStore store) {
        return CertificateCheck.problems(store, Instant.now());
    }

    @Test
    void currentCertificatesHaveNoProblems() throws Exception {
        assertThat(problems(store(make("-keyalg", "EC", "-groupname", "secp256r1"))))
                .isEmpty();
        assertThat(problems(store(make("-keyalg", "RSA", "-keysize", "2048")))).isEmpty();
        assertThat(problems(store(make("-keyalg", "Ed25519")))).isEmpty();
    }

    @Test
    void aShortKeyAndABrokenSignatureAreReported() throws Exception {
        assertThat(problems(store(make("-keyalg", "RSA", "-keysize", "1024", "-sigalg", "SHA1withRSA"))))
                .containsExactly(
                        SUBJECT + "has an RSA key of 1024 bits. Fewer than 2048 bits can be broken",
                        SUBJECT + "is signed with SHA1withRSA, which can be forged");
        assertThat(problems(store(make("-keyalg", "RSA", "-keysize", "2048", "-sigalg", "MD5withRSA"))))
                .containsExactly(SUBJECT + "is signed with MD5withRSA, which can be forged");
        assertThat(problems(store(make("-keyalg", "EC", "-groupname", "secp256r1", "-sigalg", "SHA1withECDSA"))))
                .containsExactly(SUBJECT + "is signed with SHA1withECDSA, which can be forged");
    }

    @Test
    void theEndIsReportedFromTwoWeeksBefore() throws Exception {
        TestCertificate made = make("-keyalg", "EC", "-groupname", "secp256r1");
        KeyStore store = store(made);
        Instant end = made.certificate().getNotAfter().toInstant();
        assertThat(CertificateCheck.end(store)).isEqualTo(end);
        Duration soon = Duration.ofDays(14);
        assertThat(CertificateCheck.problems(store, end.minus(soon))).isEmpty();
        assertThat(CertificateCheck.problems(store, end.minus(soon).plusSeconds(1)))
                .containsExactly(SUBJECT + "expires at " + end);
        assertThat(CertificateCheck.problems(store, end.minusSeconds(1)))
                .containsExactly(SUBJECT + "expires at " + end);
        assertThat(CertificateCheck.problems(store, end)).containsExactly(SUBJECT + "expired at " + end);
    }

    @Test
    void theIssuersAreCheckedToo() throws Exception {
        TestCertificate made = make("-keyalg", "EC", "-groupname", "secp256r1");
        TestCertificate root =
                make("-keyalg", "RSA", "-keysize", "1024", "-sigalg", "SHA1withRSA", "-startdate", "-31d");
        Instant end = root.certificate().getNotAfter().toInstant();
        KeyStore store = store(made, root);
        assertThat(CertificateCheck.end(store)).isEqualTo(end);
        // A root has signed itself.
        assertThat(problems(store))
                .containsExactly(
                        SUBJECT + "has an RSA key of 1024 bits. Fewer than 2048 bits can be broken",
                        SUBJECT + "expired at " + end);
    }
}
