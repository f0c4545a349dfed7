package io.streamlocks.coordinator.http;

import io.streamlocks.coordinator.http.jetty.Call;
import java.nio.ByteBuffer;
import java.nio.charset.CharacterCodingException;
import java.nio.charset.StandardCharsets;
import java.util.HashMap;
import java.util.Locale;
import java.util.Map;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/** Reads the path, the query and the body of a request. Each method throws a {@link ProblemException} for bad input. */
final class Input {

    /** The position of the id in {@code /v1/locks/{streamId}/acquire}, and in the paths of owners and groups. */
    private static final int ID_SEGMENT = 3;

    /** The position of the owner in {@code /v1/groups/{groupId}/members/{ownerId}}. */
    private static final int MEMBER_SEGMENT = 5;

    private Input() {}

    /** Returns the body, which must be JSON of this type. */
    static <T> T body(Call call, Class<T> type) {
        return Json.read(body(call), type);
    }

    /** Returns the bytes of the body, which must be declared as JSON. */
    static byte[] body(Call call) {
        // The framework would look up the charset, and fails if it does not exist.
        String contentType = call.header("Content-Type");
        if (!isJson(contentType)) {
            throw new ProblemException(Problem.ofField(
                    ProblemType.UNSUPPORTED_MEDIA_TYPE, "Content-Type", "Send the body as application/json."));
        }
        String encoding = call.header("Content-Encoding");
        if (encoding != null && !encoding.trim().equalsIgnoreCase("identity")) {
            throw new ProblemException(Problem.ofField(
                    ProblemType.UNSUPPORTED_MEDIA_TYPE,
                    "Content-Encoding",
                    "Send the body as it is, without Content-Encoding: " + Fields.shown(encoding) + "."));
        }
        return call.body();
    }

    private static boolean isJson(@Nullable String contentType) {
        if ("application/json".equals(contentType)) {
            return true;
        }
        String mediaType = contentType == null ? "" : contentType.split(";", 2)[0].trim();
        return mediaType.toLowerCase(Locale.ROOT).equals("application/json");
    }

    /**
     * Returns the stream id of the path. This decodes the path as it was sent, and strictly. The framework turns {@code
     * %252B} into a plus sign, and bytes that are not UTF-8 into question marks, which would make two streams one.
     */
    static String streamId(Call call) {
        String streamId = idOfPath(call, "streamId", ID_SEGMENT);
        call.streamId(streamId);
        return streamId;
    }

    /** Returns the owner id of the path, decoded as strictly. */
    static String ownerId(Call call) {
        return idOfPath(call, "ownerId", ID_SEGMENT);
    }

    /** Returns the group id of the path, decoded as strictly. */
    static String groupId(Call call) {
        return idOfPath(call, "groupId", ID_SEGMENT);
    }

    /** Returns the owner id of the member in the path, decoded as strictly. */
    static String memberId(Call call) {
        return idOfPath(call, "ownerId", MEMBER_SEGMENT);
    }

    /** Returns the last segment of the path, as it was sent: no asset has a name that is to be encoded. */
    static String asset(Call call) {
        return call.path().substring(call.path().lastIndexOf('/') + 1);
    }

    private static String idOfPath(Call call, String field, int segment) {
        String[] segments = call.path().split("/", -1);
        return Fields.id(field, percentDecoded(field, segments[segment]));
    }

    /**
     * Returns the parameters of the query, decoded as strictly. A parameter that is not allowed is refused: without a
     * filter that it drops, a list would contain the locks of all owners.
     */
    static Map<String, String> query(Call call, Set<String> allowed) {
        Map<String, String> parameters = new HashMap<>();
        String query = call.query();
        for (String parameter : query == null || query.isEmpty() ? new String[0] : query.split("&", -1)) {
            String[] parts = parameter.replace("+", "%20").split("=", 2);
            String name = percentDecoded("query", parts[0]);
            if (!allowed.contains(name)) {
                String shown = name.isEmpty() ? "query" : Fields.shown(name);
                throw ProblemException.invalid(shown, shown + " is not a parameter of this call.");
            }
            String value = percentDecoded(name, parts.length == 1 ? "" : parts[1]);
            if (parameters.put(name, value) != null) {
                throw ProblemException.invalid(name, name + " must be given only once.");
            }
        }
        return parameters;
    }

    private static String percentDecoded(String field, String encoded) {
        // Jetty puts this character in place of bytes that are not UTF-8, which would make two ids one. A client that
        // means this character sends it percent-encoded.
        if (encoded.indexOf('\uFFFD') >= 0) {
            throw ProblemException.invalid(field, field + " must be UTF-8, percent-encoded.");
        }
        byte[] raw = encoded.getBytes(StandardCharsets.UTF_8);
        ByteBuffer decoded = ByteBuffer.allocate(raw.length);
        for (int i = 0; i < raw.length; i++) {
            if (raw[i] != '%') {
                decoded.put(raw[i]);
            } else {
                int high = i + 2 < raw.length ? Character.digit(raw[i + 1], 16) : -1;
                int low = i + 2 < raw.length ? Character.digit(raw[i + 2], 16) : -1;
                if (high < 0 || low < 0) {
                    throw ProblemException.invalid(field, field + " must be percent-encoded: % and two hex digits.");
                }
                decoded.put((byte) (high << 4 | low));
                i += 2;
            }
        }
        try {
            return StandardCharsets.UTF_8.newDecoder().decode(decoded.flip()).toString();
        } catch (CharacterCodingException e) {
            throw ProblemException.invalid(field, field + " must be UTF-8, percent-encoded.");
        }
    }
}
