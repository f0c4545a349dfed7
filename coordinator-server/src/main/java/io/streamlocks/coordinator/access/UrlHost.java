package io.streamlocks.coordinator.access;

import java.net.URI;

/** The host of a URL as Java sees it. */
public final class UrlHost {

    private UrlHost() {}

    /**
     * Says why a URL has no host where a reader sees one. Java, as the standards of names, knows no underscore in it; Docker
     * Compose makes such names.
     *
     * @throws IllegalArgumentException if that is why
     */
    public static void requireNoUnderscore(URI url) {
        String authority = url.getRawAuthority();
        if (url.getHost() == null
                && authority != null
                && authority.substring(authority.lastIndexOf('@') + 1).contains("_")) {
            throw new IllegalArgumentException(
                    "has a host name with an underscore, which is not allowed in the host name of"
                            + " a URL: give that host another name, or use its address");
        }
    }
}
