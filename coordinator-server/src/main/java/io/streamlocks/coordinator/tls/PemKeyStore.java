package io.streamlocks.coordinator.tls;

import io.streamlocks.coordinator.reload.UnusableFileException;
import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.security.GeneralSecurityException;
import java.security.KeyStore;
import java.security.PrivateKey;
import java.security.Signature;
import java.security.cert.Certificate;
import java.security.cert.CertificateFactory;
import java.security.cert.X509Certificate;
import java.util.List;

/** A certificate with its chain and its private key, read from two PEM files. */
public final class PemKeyStore {

    static final String ALIAS = "server";

    private PemKeyStore() {}

    /**
     * Reads both files and checks that they belong together. They may not while they are being replaced.
     *
     * @param files the content of the certificate file, with the certificate of the server first, and of the key file
     * @return a key store without a password
     * @throws UnusableFileException if there are problems; its message lists all of them
     */
    public static KeyStore of(List<byte[]> files) throws UnusableFileException {
        List<X509Certificate> chain = chain(files.get(0));
        PrivateKey key = PemPrivateKey.of(new String(files.get(1), StandardCharsets.ISO_8859_1));
        try {
            if (!belongTogether(chain.get(0), key)) {
                throw new UnusableFileException(List.of("the key does not belong to the first certificate"));
            }
            KeyStore store = KeyStore.getInstance("PKCS12");
            store.load(null, null);
            store.setKeyEntry(ALIAS, key, new char[0], chain.toArray(Certificate[]::new));
            return store;
        } catch (GeneralSecurityException | IOException e) {
            throw new UnusableFileException(List.of("certificate and key cannot be used: " + e.getMessage()));
        }
    }

    private static List<X509Certificate> chain(byte[] file) throws UnusableFileException {
        try {
            List<X509Certificate> chain =
                    CertificateFactory.getInstance("X.509")
                            .generateCertificates(new ByteArrayInputStream(file))
                            .stream()
                            .map(X509Certificate.class::cast)
                            .toList();
            if (!chain.isEmpty()) {
                return chain;
            }
        } catch (GeneralSecurityException e) {
            // The message of the exception names bytes, so this method reports a clearer one below.
        }
        throw new UnusableFileException(List.of("the certificate is not PEM: -----BEGIN CERTIFICATE-----"));
    }

    private static boolean belongTogether(X509Certificate certificate, PrivateKey key) throws GeneralSecurityException {
        String algorithm =
                switch (key.getAlgorithm()) {
                    case "RSA" -> "SHA256withRSA";
                    case "EC" -> "SHA256withECDSA";
                    default -> key.getAlgorithm();
                };
        if (!certificate.getPublicKey().getAlgorithm().equals(key.getAlgorithm())) {
            return false;
        }
        byte[] text = "Do these belong together?".getBytes(StandardCharsets.UTF_8);
        Signature signature = Signature.getInstance(algorithm);
        signature.initSign(key);
        signature.update(text);
        byte[] signed = signature.sign();
        signature.initVerify(certificate.getPublicKey());
        signature.update(text);
        return signature.verify(signed);
    }
}
