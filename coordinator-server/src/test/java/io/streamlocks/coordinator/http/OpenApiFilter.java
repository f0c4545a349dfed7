package io.streamlocks.coordinator.http;

import com.atlassian.oai.validator.OpenApiInteractionValidator;
import com.atlassian.oai.validator.model.Request;
import com.atlassian.oai.validator.model.Response;
import com.atlassian.oai.validator.model.SimpleRequest;
import com.atlassian.oai.validator.report.LevelResolver;
import com.atlassian.oai.validator.report.MessageResolver;
import com.atlassian.oai.validator.report.SimpleValidationReportFormat;
import com.atlassian.oai.validator.report.ValidationReport;
import com.atlassian.oai.validator.restassured.RestAssuredResponse;
import com.atlassian.oai.validator.schema.SchemaValidator;
import io.restassured.filter.Filter;
import io.restassured.filter.FilterContext;
import io.restassured.specification.FilterableRequestSpecification;
import io.restassured.specification.FilterableResponseSpecification;
import io.streamlocks.coordinator.http.jetty.Call;
import io.swagger.v3.oas.models.OpenAPI;
import io.swagger.v3.oas.models.media.Schema;
import io.swagger.v3.parser.OpenAPIV3Parser;
import io.swagger.v3.parser.core.models.ParseOptions;
import io.swagger.v3.parser.core.models.SwaggerParseResult;
import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.net.URI;
import java.net.URLDecoder;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.Set;

/**
 * Compares every exchange with {@code openapi.yaml}, and fails on an undocumented path, method, status, content type or
 * field. Tests do not state which of their requests are valid: a request that the server does not refuse must be.
 */
final class OpenApiFilter implements Filter {

    /** The contract, with its references resolved. */
    static final OpenAPI SPEC = parse();

    private static final Set<Integer> REFUSALS_OF_THE_REQUEST = Set.of(400, 401, 403, 413, 415, 429);

    /** The paths below these are for these pages only, and not a part of the contract. */
    private static final List<String> PAGES = List.of("/docs/", "/console/");

    /** All findings are errors. The default lets undocumented query parameters pass. */
    private static final LevelResolver LEVELS = LevelResolver.create().build();

    private static final OpenApiInteractionValidator VALIDATOR = OpenApiInteractionValidator.createFor(SPEC)
            .withLevelResolver(LEVELS)
            .withStrictOperationPathMatching()
            .build();
    private static final SchemaValidator SCHEMAS = new SchemaValidator(SPEC, new MessageResolver(LEVELS));

    private final boolean requestsToo;

    private OpenApiFilter(boolean requestsToo) {
        this.requestsToo = requestsToo;
    }

    /** Checks responses, and requests that were not refused. */
    static OpenApiFilter ofExchanges() {
        return new OpenApiFilter(true);
    }

    /** Checks only responses, for a batch with bad items: each item is refused alone. */
    static OpenApiFilter ofResponses() {
        return new OpenApiFilter(false);
    }

    @Override
    public io.restassured.response.Response filter(
            FilterableRequestSpecification request, FilterableResponseSpecification responseSpec, FilterContext ctx) {
        io.restassured.response.Response response = ctx.next(request, responseSpec);
        SimpleRequest.Builder sent = request(request.getMethod(), URI.create(request.getURI()));
        request.getHeaders().forEach(header -> sent.withHeader(header.getName(), header.getValue()));
        if (request.getBody() instanceof byte[] body) {
            sent.withBody(body);
        } else if (request.getBody() instanceof String body) {
            sent.withBody(body, StandardCharsets.UTF_8);
        }
        verify(sent.build(), RestAssuredResponse.of(response), requestsToo);
        return response;
    }

    /** Returns a request with the path as sent, because decoding it would split a stream id at its slashes. */
    static SimpleRequest.Builder request(String method, URI uri) {
        SimpleRequest.Builder request = new SimpleRequest.Builder(method, uri.getRawPath(), true);
        if (uri.getRawQuery() != null) {
            for (String parameter : uri.getRawQuery().split("&")) {
                String[] parts = (parameter + "=").split("=", 3);
                request.withQueryParam(decoded(parts[0]), decoded(parts[1]));
            }
        }
        return request;
    }

    /** Checks a response to any request for this operation. */
    static void verifyResponse(String method, String path, Response response) {
        ValidationReport report = VALIDATOR
                .validateResponse(path, Request.Method.valueOf(method), response)
                .merge(contentType(response));
        if (report.hasErrors()) {
            throw new AssertionError(SimpleValidationReportFormat.getInstance().apply(report));
        }
    }

    static boolean isProblem(String json) {
        return !SCHEMAS.validate(json, new Schema<>().$ref("#/components/schemas/Problem"), "response.body")
                .hasErrors();
    }

    /** Does the same for exchanges that REST Assured cannot make. */
    static void verify(Request request, Response response) {
        verify(request, response, true);
    }

    private static void verify(Request request, Response response, boolean requestToo) {
        ValidationReport report = VALIDATOR.validateResponse(request.getPath(), request.getMethod(), response);
        if (isUnlisted(report)) {
            report = PAGES.stream().anyMatch(request.getPath()::startsWith) && response.getStatus() == 200
                    ? ValidationReport.empty()
                    : refusal(response, report);
        } else {
            if (requestToo && !REFUSALS_OF_THE_REQUEST.contains(response.getStatus())) {
                report = report.merge(VALIDATOR.validateRequest(request));
            }
            report = report.merge(contentType(response));
        }
        report = report.merge(requestId(response));
        if (report.hasErrors()) {
            throw new AssertionError(request.getMethod() + " " + request.getPath() + " -> " + response.getStatus()
                    + " is not as openapi.yaml has it:\n"
                    + SimpleValidationReportFormat.getInstance().apply(report) + "\n"
                    + response.getResponseBody().map(OpenApiFilter::text).orElse("(no body)"));
        }
    }

    private static boolean isUnlisted(ValidationReport report) {
        return report.getMessages().stream()
                .anyMatch(message -> message.getKey().equals("validation.request.path.missing")
                        || message.getKey().equals("validation.request.operation.notAllowed"));
    }

    /** A request for which there is no operation must be refused with a problem. */
    private static ValidationReport refusal(Response response, ValidationReport unlisted) {
        boolean refused = response.getStatus() / 100 == 4 || response.getStatus() == 503;
        boolean problem =
                response.getContentType().filter(Problem.CONTENT_TYPE::equals).isPresent();
        if (!refused || !problem) {
            return unlisted;
        }
        return SCHEMAS.validate(
                () -> response.getResponseBody().orElseThrow().toJsonNode(),
                new Schema<>().$ref("#/components/schemas/Problem"),
                "response.body");
    }

    /** The validator lets a body without a content type pass. */
    private static ValidationReport contentType(Response response) {
        boolean hasBody =
                response.getResponseBody().filter(body -> body.hasBody()).isPresent();
        return hasBody && response.getContentType().isEmpty()
                ? failure("validation.response.contentType.missing", "The response has a body and no Content-Type.")
                : ValidationReport.empty();
    }

    /**
     * Checks the id of any response. The contract cannot express that a problem has it and the problem of an item has
     * not.
     */
    private static ValidationReport requestId(Response response) {
        String header = response.getHeaderValue(Call.REQUEST_ID).orElse("");
        boolean problem =
                response.getContentType().filter(Problem.CONTENT_TYPE::equals).isPresent();
        String told = problem
                ? response.getResponseBody()
                        .filter(body -> body.hasBody())
                        .map(OpenApiFilter::requestIdIn)
                        .orElse(header)
                : header;
        return header.matches("[A-Za-z0-9._-]{1,128}") && told.equals(header)
                ? ValidationReport.empty()
                : failure("validation.response.requestId", "The request id is missing, or not the same everywhere.");
    }

    private static String requestIdIn(com.atlassian.oai.validator.model.Body problem) {
        try {
            return problem.toJsonNode().path("requestId").asText();
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    private static ValidationReport failure(String key, String message) {
        return ValidationReport.singleton(new MessageResolver(LEVELS).create(key, message));
    }

    private static String text(com.atlassian.oai.validator.model.Body body) {
        try {
            return body.toString(StandardCharsets.UTF_8);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    private static String decoded(String text) {
        try {
            return URLDecoder.decode(text, StandardCharsets.UTF_8);
        } catch (IllegalArgumentException e) {
            // The request is to be refused.
            return text;
        }
    }

    private static OpenAPI parse() {
        ParseOptions options = new ParseOptions();
        options.setResolve(true);
        options.setResolveFully(true);
        options.setResolveCombinators(false);
        try (InputStream in = OpenApiFilter.class.getResourceAsStream("/openapi.yaml")) {
            SwaggerParseResult result = new OpenAPIV3Parser()
                    .readContents(new String(in.readAllBytes(), StandardCharsets.UTF_8), null, options);
            if (!result.getMessages().isEmpty()) {
                throw new IllegalStateException("openapi.yaml is not valid: " + result.getMessages());
            }
            return result.getOpenAPI();
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }
}
