package io.streamlocks.coordinator.access;

import com.nimbusds.jose.jwk.JWKSet;
import com.nimbusds.jose.jwk.KeyType;
import com.nimbusds.jose.jwk.source.JWKSource;
import com.nimbusds.jose.proc.SecurityContext;
import io.streamlocks.coordinator.reload.Reloaded;
import io.streamlocks.coordinator.reload.UnusableFileException;
import java.net.InetAddress;
import java.net.URI;
import java.net.URISyntaxException;
import java.net.UnknownHostException;
import java.nio.charset.StandardCharsets;
import java.nio.file.InvalidPathException;
import java.nio.file.Path;
import java.text.ParseException;
import java.util.List;
import java.util.function.BooleanSupplier;

/**
 * The keys that verify JWTs, from a file or a URL. This class is thread-safe.
 *
 * @param source finds a key; does not block
 * @param reload looks for new keys; does not throw
 * @param failing returns whether the newest keys cannot be used
 */
record Keys(JWKSource<SecurityContext> source, Runnable reload, BooleanSupplier failing) {

    /**
     * Reads the file, or prepares to fetch the URL.
     *
     * @param where an https URL, an http URL of this machine, or a file
     * @throws UnusableFileException if the file contains no key that can be used
     * @throws IllegalArgumentException if {@code where} is something else
     */
    static Keys of(String where) throws UnusableFileException {
        if (where.contains("://")) {
            FetchedKeys fetched = new FetchedKeys(url(where), FetchedKeys.TIMEOUT, System::nanoTime);
            return new Keys(fetched, fetched::refresh, fetched::isFailing);
        }
        try {
            Reloaded<JWKSet> file =
                    new Reloaded<>("key set of JWTs", List.of(Path.of(where)), contents -> parse(contents.get(0)));
            return new Keys((selector, context) -> selector.select(file.get()), file::reload, file::isFailing);
        } catch (InvalidPathException e) {
            throw neither();
        }
    }

    private static URI url(String where) {
        URI url;
        try {
            url = new URI(where);
        } catch (URISyntaxException e) {
            throw neither();
        }
        UrlHost.requireNoUnderscore(url);
        if (!where.matches("(?i)https?:.*") || url.getHost() == null) {
            throw neither();
        }
        if (url.getScheme().equalsIgnoreCase("http") && !isLoopback(url.getHost())) {
            throw new IllegalArgumentException("must be an https URL or a file. Plain http is for this machine only,"
                    + " because an attacker on the network could replace the keys");
        }
        return url;
    }

    /** Resolves no name, which may lead to another machine by the time the keys are fetched. */
    private static boolean isLoopback(String host) {
        boolean address = host.startsWith("[") || host.matches("[0-9.]+");
        try {
            return host.equalsIgnoreCase("localhost")
                    || address && InetAddress.getByName(host).isLoopbackAddress();
        } catch (UnknownHostException e) {
            return false;
        }
    }

    private static IllegalArgumentException neither() {
        return new IllegalArgumentException("must be an https URL or a file");
    }

    /**
     * Reads a key set.
     *
     * @param json the key set
     * @return the public keys
     * @throws UnusableFileException if it contains no key that can verify JWTs
     */
    static JWKSet parse(byte[] json) throws UnusableFileException {
        JWKSet keys;
        try {
            keys = JWKSet.parse(new String(json, StandardCharsets.UTF_8));
        } catch (ParseException | RuntimeException e) {
            // The message of the exception may quote a key. A file of null causes a NullPointerException.
            throw new UnusableFileException(List.of("is not a JWK set: a JSON object with an array \"keys\""));
        }
        if (keys.getKeys().stream()
                .noneMatch(key ->
                        key.getKeyType().equals(KeyType.RSA) || key.getKeyType().equals(KeyType.EC))) {
            throw new UnusableFileException(List.of("has no RSA or EC key"));
        }
        return keys.toPublicJWKSet();
    }
}
