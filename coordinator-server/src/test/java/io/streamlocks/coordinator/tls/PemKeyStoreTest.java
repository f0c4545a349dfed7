package io.streamlocks.coordinator.tls;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.streamlocks.coordinator.reload.UnusableFileException;
import io.streamlocks.testkit.rig.TestCertificate;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.security.KeyStore;
import java.util.Arrays;
import java.util.List;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class PemKeyStoreTest {

    private static TestCertificate ec;
    private static TestCertificate otherEc;
    private static TestCertificate rsa;

    @BeforeAll
    static void make(@TempDir Path directory) {
        ec = TestCertificate.make(directory);
        otherEc = TestCertificate.make(directory, "-keyalg", "EC", "-groupname", "secp384r1");
        rsa = TestCertificate.make(directory, "-keyalg", "RSA", "-keysize", "2048");
    }

    @Test
    void aCertificateAndItsKeyAreAccepted() throws Exception {
        for (TestCertificate made : List.of(ec, otherEc, rsa)) {
            assertTaken(made, made.keyPem());
        }
    }

    @Test
    void anEd25519KeyIsAccepted(@TempDir Path directory) throws Exception {
        TestCertificate made = TestCertificate.make(directory, "-keyalg", "Ed25519");
        assertTaken(made, made.keyPem());
    }

    @Test
    void theOlderFormOfAnRsaKeyIsAccepted() throws Exception {
        assertTaken(rsa, TestCertificate.pem("RSA PRIVATE KEY", insideOfPkcs8(rsa)));
    }

    @Test
    void theOlderFormOfAnEcKeyIsAcceptedWithTheCurveThatOpensslWrites() throws Exception {
        // The encoding of Java omits the curve, which openssl writes.
        for (TestCertificate made : List.of(ec, otherEc)) {
            String sec1 = TestCertificate.pem("EC PRIVATE KEY", sec1(made));
            String parameters = "-----BEGIN EC PARAMETERS-----\nBggqhkjOPQMBBw==\n-----END EC PARAMETERS-----\n";
            assertTaken(made, sec1);
            assertTaken(made, parameters + sec1);
        }
    }

    @Test
    void textAroundTheBlocksIsIgnored() throws Exception {
        assertTaken(ec, "Bag Attributes\n  friendlyName: server\n" + ec.keyPem().replace("\n", "\r\n") + "\n# end");
    }

    @Test
    void theChainIsKeptInItsOrder() throws Exception {
        KeyStore store = PemKeyStore.of(files(ec.certificatePem() + rsa.certificatePem(), ec.keyPem()));
        assertThat(store.getCertificateChain("server")).containsExactly(ec.certificate(), rsa.certificate());
    }

    @Test
    void aKeyOfAnotherCertificateIsRejected() {
        assertRefused(ec.certificatePem(), rsa.keyPem(), "the key does not belong to the first certificate");
        assertRefused(
                rsa.certificatePem() + ec.certificatePem(),
                ec.keyPem(),
                "the key does not belong to the first certificate");
    }

    @Test
    void aKeyOfTheSameKindOfAnotherCertificateIsRejected(@TempDir Path directory) {
        TestCertificate another = TestCertificate.make(directory);
        assertRefused(ec.certificatePem(), another.keyPem(), "the key does not belong to the first certificate");
    }

    @ParameterizedTest
    @ValueSource(strings = {"", "nonsense", "-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n"})
    void textThatIsNotACertificateIsRejected(String pem) {
        assertRefused(pem, ec.keyPem(), "the certificate is not PEM: -----BEGIN CERTIFICATE-----");
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "",
                "nonsense",
                "-----BEGIN ENCRYPTED PRIVATE KEY-----\nAAAA\n-----END ENCRYPTED PRIVATE KEY-----\n",
                "-----BEGIN RSA PRIVATE KEY-----\nProc-Type: 4,ENCRYPTED\n\nAAAA\n-----END RSA PRIVATE KEY-----\n",
                "-----BEGIN PRIVATE KEY-----\nAAAA\n-----END EC PRIVATE KEY-----\n"
            })
    void textThatIsNotAKeyOrAKeyWithAPasswordIsRejected(String pem) {
        assertRefused(ec.certificatePem(), pem, "the key is not PEM without a password: -----BEGIN PRIVATE KEY-----");
    }

    @Test
    void aTruncatedKeyIsRejectedAndNoPartOfItIsRepeated() {
        for (String type : List.of("PRIVATE KEY", "RSA PRIVATE KEY", "EC PRIVATE KEY")) {
            for (int length = 1; length < sec1(ec).length; length++) {
                byte[] cut = Arrays.copyOf(sec1(ec), length);
                assertRefused(
                        ec.certificatePem(),
                        TestCertificate.pem(type, cut),
                        "the key is not RSA, EC or EdDSA, or it is incomplete");
            }
        }
    }

    /** In PKCS #8 the encoding of the key comes last, in an octet string whose length takes two more bytes here. */
    private static byte[] insideOfPkcs8(TestCertificate made) {
        byte[] pkcs8 = made.key().getEncoded();
        for (int at = 20; at < 40; at++) {
            if (pkcs8[at] == 0x04) {
                int lengthBytes = pkcs8[at + 1] < 0 ? pkcs8[at + 1] & 0x7F : 0;
                return Arrays.copyOfRange(pkcs8, at + 2 + lengthBytes, pkcs8.length);
            }
        }
        throw new AssertionError("There is no octet string");
    }

    /** Encodes a key by RFC 5915: a version, the secret, and the curve. */
    private static byte[] sec1(TestCertificate made) {
        boolean small = made.certificate().getPublicKey().getEncoded().length < 100;
        byte[] curve = java.util.HexFormat.of().parseHex(small ? "06082a8648ce3d030107" : "06052b81040022");
        byte[] secret = secret(((java.security.interfaces.ECPrivateKey) made.key()).getS(), small ? 32 : 48);
        java.io.ByteArrayOutputStream content = new java.io.ByteArrayOutputStream();
        content.writeBytes(new byte[] {0x02, 0x01, 0x01, 0x04, (byte) secret.length});
        content.writeBytes(secret);
        content.writeBytes(new byte[] {(byte) 0xA0, (byte) curve.length});
        content.writeBytes(curve);
        java.io.ByteArrayOutputStream sequence = new java.io.ByteArrayOutputStream();
        sequence.writeBytes(new byte[] {0x30, (byte) content.size()});
        sequence.writeBytes(content.toByteArray());
        return sequence.toByteArray();
    }

    private static byte[] secret(java.math.BigInteger s, int length) {
        byte[] bytes = s.toByteArray();
        byte[] secret = new byte[length];
        int copied = Math.min(bytes.length, length);
        System.arraycopy(bytes, bytes.length - copied, secret, length - copied, copied);
        return secret;
    }

    private static void assertTaken(TestCertificate made, String keyPem) throws Exception {
        KeyStore store = PemKeyStore.of(files(made.certificatePem(), keyPem));
        assertThat(store.getCertificate("server")).isEqualTo(made.certificate());
        // PemKeyStore has checked that the key belongs to the certificate. One key has several encodings.
        assertThat(store.getKey("server", new char[0]).getAlgorithm())
                .isEqualTo(made.key().getAlgorithm());
    }

    private static void assertRefused(String certificatePem, String keyPem, String problem) {
        assertThatThrownBy(() -> PemKeyStore.of(files(certificatePem, keyPem)))
                .isInstanceOf(UnusableFileException.class)
                .hasMessage(problem);
    }

    private static List<byte[]> files(String certificatePem, String keyPem) {
        return List.of(certificatePem.getBytes(StandardCharsets.US_ASCII), keyPem.getBytes(StandardCharsets.US_ASCII));
    }
}
