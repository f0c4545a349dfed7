package io.streamlocks.coordinator.tls;

import java.security.KeyStore;
import java.security.KeyStoreException;
import java.security.cert.X509Certificate;
import java.security.interfaces.RSAKey;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import java.util.regex.Pattern;

/** Finds properties of a certificate that clients may reject although Java accepts them, and when it expires. */
public final class CertificateCheck {

    /** Java rejects EC keys that are too short, so this class checks RSA keys only. */
    private static final int MIN_RSA_BITS = 2048;

    private static final Pattern BROKEN_HASH = Pattern.compile("(SHA-?1|MD[25])WITH.*");

    private static final Duration SOON = Duration.ofDays(14);

    private CertificateCheck() {}

    /**
     * Checks a certificate and its issuers.
     *
     * @param store the result of {@link PemKeyStore#of}
     * @param now the time of the wall clock
     * @return the problems, one sentence each
     */
    public static List<String> problems(KeyStore store, Instant now) {
        List<String> problems = new ArrayList<>();
        List<X509Certificate> chain = chain(store);
        for (X509Certificate certificate : chain) {
            String subject = "The certificate of "
                    + certificate.getSubjectX500Principal().getName();
            if (certificate.getPublicKey() instanceof RSAKey rsa && bits(rsa) < MIN_RSA_BITS) {
                problems.add(subject + " has an RSA key of " + bits(rsa) + " bits. Fewer than " + MIN_RSA_BITS
                        + " bits can be broken");
            }
            String signature = certificate.getSigAlgName();
            // Clients do not verify the signature of a root on itself.
            boolean matters = certificate.equals(chain.get(0)) || !isSelfIssued(certificate);
            if (matters
                    && BROKEN_HASH.matcher(signature.toUpperCase(Locale.ROOT)).matches()) {
                problems.add(subject + " is signed with " + signature + ", which can be forged");
            }
            Instant end = certificate.getNotAfter().toInstant();
            if (!end.isAfter(now)) {
                problems.add(subject + " expired at " + end);
            } else if (end.isBefore(now.plus(SOON))) {
                problems.add(subject + " expires at " + end);
            }
        }
        return problems;
    }

    /** Returns the first time at which the certificate or one of its issuers expires. */
    public static Instant end(KeyStore store) {
        return chain(store).stream()
                .map(certificate -> certificate.getNotAfter().toInstant())
                .min(Instant::compareTo)
                .orElseThrow();
    }

    private static List<X509Certificate> chain(KeyStore store) {
        try {
            return Arrays.stream(store.getCertificateChain(PemKeyStore.ALIAS))
                    .map(X509Certificate.class::cast)
                    .toList();
        } catch (KeyStoreException e) {
            throw new IllegalStateException("The key store is loaded", e);
        }
    }

    private static int bits(RSAKey key) {
        return key.getModulus().bitLength();
    }

    private static boolean isSelfIssued(X509Certificate certificate) {
        return certificate.getIssuerX500Principal().equals(certificate.getSubjectX500Principal());
    }
}
