package io.streamlocks.coordinator.tls;

import io.streamlocks.coordinator.reload.UnusableFileException;
import java.io.ByteArrayOutputStream;
import java.security.GeneralSecurityException;
import java.security.KeyFactory;
import java.security.PrivateKey;
import java.security.spec.PKCS8EncodedKeySpec;
import java.util.Arrays;
import java.util.Base64;
import java.util.HexFormat;
import java.util.List;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * Reads a private key in PEM, in the three common forms: PKCS #8 ({@code PRIVATE KEY}), which Java reads, and the older
 * {@code RSA PRIVATE KEY} and {@code EC PRIVATE KEY}, which a few bytes in front turn into PKCS #8. A key with a
 * password is rejected: its password would have to be stored beside it, and would protect nothing.
 */
final class PemPrivateKey {

    private static final Pattern PEM = Pattern.compile(
            "-----BEGIN ((?:RSA |EC )?)PRIVATE KEY-----([A-Za-z0-9+/=\\s]+)-----END \\1PRIVATE KEY-----");

    private static final int INTEGER = 0x02;
    private static final int OCTET_STRING = 0x04;
    private static final int SEQUENCE = 0x30;

    /** The tag of the name of the curve in an EC key. */
    private static final int PARAMETERS = 0xA0;

    private static final byte[] VERSION_0 = der(INTEGER, new byte[] {0});
    private static final byte[] RSA_ENCRYPTION = bytes("06092a864886f70d0101010500");
    private static final byte[] EC_PUBLIC_KEY = bytes("06072a8648ce3d0201");

    private PemPrivateKey() {}

    static PrivateKey of(String pem) throws UnusableFileException {
        Matcher found = PEM.matcher(pem);
        if (!found.find()) {
            throw new UnusableFileException(
                    List.of("the key is not PEM without a password: -----BEGIN PRIVATE KEY-----"));
        }
        try {
            byte[] der = Base64.getMimeDecoder().decode(found.group(2));
            return switch (found.group(1)) {
                case "RSA " -> key(pkcs8(RSA_ENCRYPTION, der), "RSA");
                case "EC " -> key(pkcs8(concat(EC_PUBLIC_KEY, curve(der)), der), "EC");
                default -> key(der, "RSA", "EC", "EdDSA");
            };
        } catch (IllegalArgumentException | IndexOutOfBoundsException e) {
            throw unusable();
        }
    }

    private static PrivateKey key(byte[] pkcs8, String... algorithms) throws UnusableFileException {
        for (String algorithm : algorithms) {
            try {
                return KeyFactory.getInstance(algorithm).generatePrivate(new PKCS8EncodedKeySpec(pkcs8));
            } catch (GeneralSecurityException e) {
                // The key may be of the next algorithm.
            }
        }
        throw unusable();
    }

    private static UnusableFileException unusable() {
        return new UnusableFileException(List.of("the key is not RSA, EC or EdDSA, or it is incomplete"));
    }

    /** Wraps a key by RFC 5208: a version, the algorithm, and an octet string with the key. */
    private static byte[] pkcs8(byte[] algorithm, byte[] key) {
        return der(SEQUENCE, concat(VERSION_0, der(SEQUENCE, algorithm), der(OCTET_STRING, key)));
    }

    /** Finds the curve by RFC 5915: a sequence of a version, the key, and the curve under a tag of its own. */
    private static byte[] curve(byte[] ecKey) {
        int at = contentAt(ecKey, 0);
        while (at < ecKey.length && (ecKey[at] & 0xFF) != PARAMETERS) {
            at = contentAt(ecKey, at) + contentLength(ecKey, at);
        }
        int content = contentAt(ecKey, at);
        return Arrays.copyOfRange(ecKey, content, content + contentLength(ecKey, at));
    }

    private static int contentAt(byte[] der, int at) {
        int length = der[at + 1] & 0xFF;
        return at + 2 + (length < 0x80 ? 0 : length & 0x7F);
    }

    private static int contentLength(byte[] der, int at) {
        int length = der[at + 1] & 0xFF;
        if (length < 0x80) {
            return length;
        }
        int sum = 0;
        for (int i = 0; i < (length & 0x7F); i++) {
            sum = sum << 8 | der[at + 2 + i] & 0xFF;
        }
        if (sum < 0) {
            throw new IllegalArgumentException("A length is out of range");
        }
        return sum;
    }

    private static byte[] der(int tag, byte[] content) {
        int size = content.length;
        byte[] length;
        if (size < 0x80) {
            length = new byte[] {(byte) size};
        } else if (size < 0x100) {
            length = new byte[] {(byte) 0x81, (byte) size};
        } else {
            length = new byte[] {(byte) 0x82, (byte) (size >> 8), (byte) size};
        }
        return concat(new byte[] {(byte) tag}, length, content);
    }

    private static byte[] concat(byte[]... parts) {
        ByteArrayOutputStream all = new ByteArrayOutputStream();
        for (byte[] part : parts) {
            all.writeBytes(part);
        }
        return all.toByteArray();
    }

    private static byte[] bytes(String hex) {
        return HexFormat.of().parseHex(hex);
    }
}
