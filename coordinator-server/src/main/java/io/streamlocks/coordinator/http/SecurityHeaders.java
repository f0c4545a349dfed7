package io.streamlocks.coordinator.http;

import java.util.function.BiConsumer;

/** The headers by which a browser protects its user. There is no CORS: a page of another site can read nothing. */
final class SecurityHeaders {

    /** JSON contains nothing to run or to load. */
    private static final String API_POLICY = "default-src 'none'; frame-ancestors 'none'";

    /** Ids come from callers. If a page ever took one for markup, it still could not load or send anything. */
    private static final String PAGE_POLICY =
            "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:;"
                    + " connect-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'";

    /** Swagger UI sets styles on single elements. */
    private static final String DOCS_POLICY =
            PAGE_POLICY.replace("style-src 'self'", "style-src 'self' 'unsafe-inline'");

    private SecurityHeaders() {}

    /**
     * Sets the headers.
     *
     * @param path the path of the request, as it was sent
     * @param header takes the name and the value of each header
     */
    static void set(String path, BiConsumer<String, String> header) {
        header.accept("X-Content-Type-Options", "nosniff");
        header.accept("Referrer-Policy", "no-referrer");
        header.accept("X-Frame-Options", "DENY");
        boolean docs = isPageOrBelow(path, "/docs");
        boolean page = docs || isPageOrBelow(path, "/console");
        header.accept("Content-Security-Policy", docs ? DOCS_POLICY : page ? PAGE_POLICY : API_POLICY);
        // A browser must load a page and its assets again, so that an upgrade does not mix two versions. A response
        // of the API is valid for a moment, and for its caller only.
        header.accept("Cache-Control", page ? "no-cache" : "no-store");
    }

    private static boolean isPageOrBelow(String path, String page) {
        return path.startsWith(page) && (path.length() == page.length() || path.charAt(page.length()) == '/');
    }
}
