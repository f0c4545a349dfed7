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
import org.apache.hc.core5.http.io.entity.EntityUtils;
import org.apache.hc.core5.http.io.entity.StringEntity;

/** The generated client, made strict where it would send or accept something other than what was meant. */
final class CoordinatorApiClient extends ApiClient {

    private static final Pattern JSON_MIME =
            Pattern.compile("application/(problem\\+)?json[ \\t]*(;.*)?", Pattern.CASE_INSENSITIVE);

    CoordinatorApiClient(CloseableHttpClient httpClient, String baseUri) {
        super(httpClient);
        setBasePath(baseUri);
        setUserAgent("stream-lock-coordinator-client");
    }

    // The generated one compiles a regular expression for each call: a tenth of what a call costs the client.
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
            return new StringEntity(requireEncodable(json), contentType.withCharset(StandardCharsets.UTF_8));
        } catch (JsonProcessingException e) {
            throw new ApiException(e);
        }
    }

    // Java would put "?" in place of half a surrogate pair, and so lock another stream than the one asked for.
    static String requireEncodable(String text) {
        if (!StandardCharsets.UTF_8.newEncoder().canEncode(text)) {
            throw new IllegalArgumentException("A text holds half of a surrogate pair");
        }
        return text;
    }

    // Only what the server itself can have answered counts as success: a proxy's page must not look like a release.
    @Override
    protected <T> T processResponse(CloseableHttpResponse response, TypeReference<T> returnType)
            throws ApiException, IOException, ParseException {
        var code = response.getCode();
        var success = returnType == null ? HttpStatus.SC_NO_CONTENT : HttpStatus.SC_OK;
        if (isSuccessfulStatus(code) ? code != success : response.getEntity() == null) {
            throw new IOException("Unexpected answer: status " + code);
        }
        return super.processResponse(response, returnType);
    }

    @Override
    @SuppressWarnings("unchecked")
    public <T> T deserialize(CloseableHttpResponse response, TypeReference<T> valueType)
            throws ApiException, IOException, ParseException {
        if (valueType.getType() == String.class) {
            // The generated client knows no application/yaml.
            return (T) EntityUtils.toString(response.getEntity(), StandardCharsets.UTF_8);
        }
        var mimeType = getResponseMimeType(response);
        T value = isJsonMime(mimeType) ? super.deserialize(response, valueType) : null;
        if (value == null) {
            throw new IOException("Unexpected answer: no JSON value in a body of type " + mimeType);
        }
        return value;
    }

    @Override
    protected Map<String, List<String>> transformResponseHeaders(Header[] headers) {
        var caseInsensitive = new TreeMap<String, List<String>>(String.CASE_INSENSITIVE_ORDER);
        caseInsensitive.putAll(super.transformResponseHeaders(headers));
        return caseInsensitive;
    }
}
