package io.streamlocks.coordinator.access;

import java.net.URI;

/** Checks the host of a URL. */
public final class UrlHost {

    private UrlHost() {}

    /**
     * Rejects a host name with an underscore. Such names are not valid, and Java reports no host at all, but Docker
     * Compose creates them.
     *
     * @throws IllegalArgumentException if the host name contains an underscore
     */
    public static void requireNoUnderscore(URI url) {
        String authority = url.getRawAuthority();
        if (url.getHost() == null
                && authority != null
                && authority.substring(authority.lastIndexOf('@') + 1).contains("_")) {
            throw new IllegalArgumentException(
                    "has a host name with an underscore, which is not allowed in a URL: give that"
                            + " host another name, or use its address");
        }
    }
}
