package io.streamlocks.client;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.core.type.TypeReference;
import io.streamlocks.client.generated.ApiClient;
import io.streamlocks.client.generated.ApiException;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.regex.Pattern;
import org.apache.hc.client5.http.impl.classic.CloseableHttpClient;
import org.apache.hc.client5.http.impl.classic.CloseableHttpResponse;
import org.apache.hc.core5.http.ContentType;
import org.apache.hc.core5.http.Header;
import org.apache.hc.core5.http.HttpEntity;
import org.apache.hc.core5.http.HttpStatus;
import org.apache.hc.core5.http.ParseException;
import org.apache.hc.core5.http.io.entity.ByteArrayEntity;
import org.apache.hc.core5.http.io.entity.EntityUtils;

/**
 * The generated client with two changes. It rejects values that the generated one would send or accept by mistake, and
 * it avoids work that the generated one does for each call.
 */
final class CoordinatorApiClient extends ApiClient {

    private static final Pattern JSON_MIME =
            Pattern.compile("application/(problem\\+)?json[ \\t]*(;.*)?", Pattern.CASE_INSENSITIVE);

    private static final ContentType JSON_UTF_8 = ContentType.APPLICATION_JSON.withCharset(StandardCharsets.UTF_8);

    CoordinatorApiClient(CloseableHttpClient httpClient, String baseUri) {
        super(httpClient);
        setBasePath(baseUri);
        setUserAgent("stream-lock-coordinator-client");
    }

    // The generated one compiles a regular expression for each call, which is a tenth of what a call costs the client.
    @Override
    public boolean isJsonMime(String mime) {
        return mime != null && (mime.equals("*/*") || JSON_MIME.matcher(mime).matches());
    }

    @Override
    public String escapeString(String text) {
        return super.escapeString(requireEncodable(text));
    }

    @Override
    public HttpEntity serialize(Object body, Map<String, Object> formParams, ContentType contentType)
            throws ApiException {
        try {
            var json = getObjectMapper().writeValueAsString(body);
            return new ByteArrayEntity(requireEncodable(json).getBytes(StandardCharsets.UTF_8), JSON_UTF_8);
        } catch (JsonProcessingException e) {
            throw new ApiException(e);
        }
    }

    // Java would replace half of a surrogate pair by "?", and so lock another stream than the one asked for.
    static String requireEncodable(String text) {
        for (int i = 0; i < text.length(); i++) {
            char unit = text.charAt(i);
            if (Character.isSurrogate(unit)) {
                boolean isPair = Character.isHighSurrogate(unit)
                        && i + 1 < text.length()
                        && Character.isLowSurrogate(text.charAt(i + 1));
                if (!isPair) {
                    throw new IllegalArgumentException("A text contains half of a surrogate pair");
                }
                i++;
            }
        }
        return text;
    }

    // Only an answer that the server itself can give counts as success: a proxy's page must not look like a release. A
    // success skips the generated one, which copies all headers into a map for each call.
    @Override
    protected <T> T processResponse(CloseableHttpResponse response, TypeReference<T> returnType)
            throws ApiException, IOException, ParseException {
        var code = response.getCode();
        var success = returnType == null ? HttpStatus.SC_NO_CONTENT : HttpStatus.SC_OK;
        if (isSuccessfulStatus(code) ? code != success : response.getEntity() == null) {
            throw new IOException("Unexpected answer: status " + code);
        }
        if (code == success) {
            return returnType == null ? null : deserialize(response, returnType);
        }
        return super.processResponse(response, returnType);
    }

    @Override
    @SuppressWarnings("unchecked")
    public <T> T deserialize(CloseableHttpResponse response, TypeReference<T> valueType)
            throws ApiException, IOException, ParseException {
        if (valueType.getType() == String.class) {
            // The generated client rejects application/yaml.
            return (T) EntityUtils.toString(response.getEntity(), StandardCharsets.UTF_8);
        }
        var mimeType = getResponseMimeType(response);
        T value = isJsonMime(mimeType) ? json(response, valueType) : null;
        if (value == null) {
            throw new IOException("Unexpected answer: no JSON value in a body of type " + mimeType);
        }
        return value;
    }

    // The generated one first makes a text of the body, which is one more copy of it.
    private <T> T json(CloseableHttpResponse response, TypeReference<T> valueType) throws IOException {
        if (response.getEntity() == null) {
            return null;
        }
        byte[] body = EntityUtils.toByteArray(response.getEntity());
        return body.length == 0 ? null : getObjectMapper().readValue(body, valueType);
    }

    @Override
    protected Map<String, List<String>> transformResponseHeaders(Header[] headers) {
        var caseInsensitive = new TreeMap<String, List<String>>(String.CASE_INSENSITIVE_ORDER);
        caseInsensitive.putAll(super.transformResponseHeaders(headers));
        return caseInsensitive;
    }
}
