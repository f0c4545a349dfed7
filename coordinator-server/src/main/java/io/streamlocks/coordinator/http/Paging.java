package io.streamlocks.coordinator.http;

import java.nio.charset.StandardCharsets;
import java.util.Base64;
import java.util.Map;
import java.util.Optional;
import java.util.function.Function;
import java.util.regex.Pattern;

/** The parameters {@code pageSize} and {@code pageToken}, the same for all calls that answer in pages. */
final class Paging {

    static final String PAGE_SIZE = "pageSize";
    static final String PAGE_TOKEN = "pageToken";

    private static final int DEFAULT_PAGE_SIZE = 100;
    private static final int MAX_PAGE_SIZE = 1000;
    private static final Pattern PAGE_SIZE_FORM = Pattern.compile("[0-9]{1,9}");

    private Paging() {}

    static int pageSize(Map<String, String> parameters) {
        String value = parameters.get(PAGE_SIZE);
        if (value == null) {
            return DEFAULT_PAGE_SIZE;
        }
        // Integer.parseInt by itself takes a plus sign, and the digits of any script.
        int size = PAGE_SIZE_FORM.matcher(value).matches() ? Integer.parseInt(value) : 0;
        if (size >= 1 && size <= MAX_PAGE_SIZE) {
            return size;
        }
        throw ProblemException.invalid(PAGE_SIZE, PAGE_SIZE + " must be an integer from 1 to " + MAX_PAGE_SIZE + ".");
    }

    /** A token that says where the next page begins; opaque to clients. */
    static String tokenOf(String position) {
        return Base64.getUrlEncoder().withoutPadding().encodeToString(position.getBytes(StandardCharsets.UTF_8));
    }

    /**
     * Where the page begins; empty for the first one.
     *
     * @param form makes a position of what {@link #tokenOf} was given; empty for what it never was
     */
    static <T> Optional<T> position(Map<String, String> parameters, Function<String, Optional<T>> form) {
        String token = parameters.get(PAGE_TOKEN);
        if (token == null) {
            return Optional.empty();
        }
        return decoded(token).flatMap(form).or(() -> {
            throw ProblemException.invalid(PAGE_TOKEN, PAGE_TOKEN + " must be the nextPageToken of a page.");
        });
    }

    private static Optional<String> decoded(String token) {
        try {
            String position = new String(Base64.getUrlDecoder().decode(token), StandardCharsets.UTF_8);
            // Not so for bytes that are no UTF-8, which decode to something else.
            return tokenOf(position).equals(token) ? Optional.of(position) : Optional.empty();
        } catch (IllegalArgumentException e) {
            // Not Base64, so no token of ours.
            return Optional.empty();
        }
    }
}
