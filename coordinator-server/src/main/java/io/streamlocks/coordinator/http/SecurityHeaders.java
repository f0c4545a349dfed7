package io.streamlocks.coordinator.http;

import java.util.function.BiConsumer;

/**
 * What every answer tells a browser not to do with it. There is no CORS: a page of another site gets to read nothing.
 */
final class SecurityHeaders {

    /** Of JSON there is nothing to run or to load. */
    private static final String API_POLICY = "default-src 'none'; frame-ancestors 'none'";

    /** Ids come from whoever may acquire. Were one of them ever taken for markup, it still could load and send nothing. */
    private static final String PAGE_POLICY =
            "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:;"
                    + " connect-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'";

    /** Swagger UI styles its elements one by one. */
    private static final String DOCS_POLICY =
            PAGE_POLICY.replace("style-src 'self'", "style-src 'self' 'unsafe-inline'");

    private SecurityHeaders() {}

    /**
     * Sets the headers.
     *
     * @param path of the request, as it was sent
     * @param header takes name and value of each
     */
    static void set(String path, BiConsumer<String, String> header) {
        header.accept("X-Content-Type-Options", "nosniff");
        header.accept("Referrer-Policy", "no-referrer");
        header.accept("X-Frame-Options", "DENY");
        boolean docs = isPageOrBelow(path, "/docs");
        boolean page = docs || isPageOrBelow(path, "/console");
        header.accept("Content-Security-Policy", docs ? DOCS_POLICY : page ? PAGE_POLICY : API_POLICY);
        // A page and its assets are of one version, and are asked for anew lest an upgrade mixes two; what the API
        // answers is true for a moment and for its caller
        // alone.
        header.accept("Cache-Control", page ? "no-cache" : "no-store");
    }

    private static boolean isPageOrBelow(String path, String page) {
        return path.startsWith(page) && (path.length() == page.length() || path.charAt(page.length()) == '/');
    }
}
