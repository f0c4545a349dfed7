package io.streamlocks.coordinator.http;

import io.streamlocks.coordinator.lock.Limits;
import java.nio.charset.StandardCharsets;
import java.util.Base64;
import java.util.Map;
import java.util.Optional;
import java.util.function.Function;
import java.util.regex.Pattern;

/** The parameters {@code pageSize} and {@code pageToken} of all calls that return pages. */
final class Paging {

    static final String PAGE_SIZE = "pageSize";
    static final String PAGE_TOKEN = "pageToken";

    private static final Pattern PAGE_SIZE_FORM = Pattern.compile("[0-9]{1,9}");

    private Paging() {}

    static int pageSize(Map<String, String> parameters) {
        // Integer.valueOf alone accepts a plus sign and the digits of any script.
        return Optional.of(parameters.getOrDefault(PAGE_SIZE, Integer.toString(Limits.DEFAULT_PAGE_SIZE)))
                .filter(PAGE_SIZE_FORM.asMatchPredicate())
                .map(Integer::valueOf)
                .filter(size -> size >= 1 && size <= Limits.MAX_PAGE_SIZE)
                .orElseThrow(() -> ProblemException.invalid(
                        PAGE_SIZE, PAGE_SIZE + " must be an integer from 1 to " + Limits.MAX_PAGE_SIZE + "."));
    }

    /** Returns a token for where the next page begins. It is opaque to clients. */
    static String tokenOf(String position) {
        return Base64.getUrlEncoder().withoutPadding().encodeToString(position.getBytes(StandardCharsets.UTF_8));
    }

    /**
     * Returns where the page begins; empty for the first page.
     *
     * @param form makes a position of the text of a token; empty if {@link #tokenOf} never made such a token
     */
    static <T> Optional<T> position(Map<String, String> parameters, Function<String, Optional<T>> form) {
        return Optional.ofNullable(parameters.get(PAGE_TOKEN)).map(token -> decoded(token)
                .flatMap(form)
                .orElseThrow(() ->
                        ProblemException.invalid(PAGE_TOKEN, PAGE_TOKEN + " must be the nextPageToken of a page.")));
    }

    private static Optional<String> decoded(String token) {
        try {
            String position = new String(Base64.getUrlDecoder().decode(token), StandardCharsets.UTF_8);
            // Bytes that are not UTF-8 decode to something else.
            return tokenOf(position).equals(token) ? Optional.of(position) : Optional.empty();
        } catch (IllegalArgumentException e) {
            // The token is not Base64, so it is not from this server.
            return Optional.empty();
        }
    }
}
