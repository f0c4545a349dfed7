package io.streamlocks.coordinator.http;

import io.streamlocks.coordinator.http.FuzzBodies.Expected;
import io.streamlocks.coordinator.http.FuzzTwists.Kind;
import io.swagger.v3.oas.models.Operation;
import io.swagger.v3.oas.models.PathItem;
import io.swagger.v3.oas.models.media.Schema;
import io.swagger.v3.oas.models.parameters.Parameter;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import java.util.Random;
import java.util.Set;
import java.util.function.Function;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import java.util.stream.Stream;

/** All kinds of requests that follow from the contract. New operations are included automatically. */
final class FuzzCases {

    /**
     * An operation of the contract.
     *
     * @param parameters those of the operation and of its path
     * @param body the schema of the body; null for none
     */
    record Target(String method, String path, List<Parameter> parameters, Schema<?> body, Set<Integer> statuses) {

        /** Returns a path of the operation, by which the contract is searched. */
        String somePath() {
            return path.replaceAll("\\{[^}]*}", "s");
        }

        @Override
        public String toString() {
            return method + " " + path;
        }
    }

    /**
     * A kind of request.
     *
     * @param name what is wrong with it
     * @param leadsToTarget whether method and path are those of the contract
     * @param expected what the server must do with it
     * @param field the field at fault; null if any may be named
     * @param request makes a request; everything but the fault differs each time
     */
    record Case(
            String name,
            Target target,
            boolean leadsToTarget,
            Kind kind,
            Expected expected,
            String field,
            Function<Random, WireRequest> request) {

        @Override
        public String toString() {
            return target + ": " + (field == null ? "" : field + ": ") + name;
        }
    }

    /** Paths that Jetty itself refuses, and then ends the connection. */
    private static final Pattern NO_PATH = Pattern.compile("%(?!\\p{XDigit}{2})|%00");

    private FuzzCases() {}

    static List<Case> all() {
        List<Case> cases = new ArrayList<>();
        targets().forEach(target -> add(cases, target));
        return cases;
    }

    /** Returns all operations of the contract. */
    static List<Target> targets() {
        List<Target> targets = new ArrayList<>();
        OpenApiFilter.SPEC.getPaths().forEach((path, item) -> item.readOperationsMap()
                .forEach((method, operation) -> targets.add(target(method.name(), path, item, operation))));
        return targets;
    }

    private static Target target(String method, String path, PathItem item, Operation operation) {
        List<Parameter> parameters = Stream.of(item.getParameters(), operation.getParameters())
                .filter(Objects::nonNull)
                .flatMap(List::stream)
                .toList();
        Schema<?> body = operation.getRequestBody() == null
                ? null
                : operation
                        .getRequestBody()
                        .getContent()
                        .get("application/json")
                        .getSchema();
        Set<Integer> statuses = operation.getResponses().keySet().stream()
                .filter(status -> status.matches("\\d+"))
                .map(Integer::valueOf)
                .collect(Collectors.toSet());
        return new Target(method, path, parameters, body, statuses);
    }

    private static void add(List<Case> cases, Target target) {
        if (target.body() == null) {
            cases.add(new Case("valid", target, true, Kind.ANSWERED, Expected.DOCUMENTED, null, r -> valid(target, r)));
        } else {
            for (FuzzBodies.Faulty faulty : FuzzBodies.faults(target.body())) {
                cases.add(new Case(
                        faulty.name(), target, true, Kind.ANSWERED, faulty.expected(), faulty.field(), random -> bare(
                                        target, random)
                                .json(faulty.body().apply(random))));
            }
        }
        target.parameters().forEach(parameter -> addParameter(cases, target, parameter));
        addQueries(cases, target);
        for (FuzzTwists.Twist twist : FuzzTwists.all()) {
            boolean leadsToTarget = !twist.name().startsWith("method ")
                    && !twist.name().startsWith("target ")
                    && !twist.name().startsWith("a bit of the head");
            cases.add(new Case(twist.name(), target, leadsToTarget, twist.kind(), Expected.DOCUMENTED, null, random -> {
                WireRequest request = valid(target, random);
                twist.apply().accept(request, random);
                return request;
            }));
        }
    }

    private static void addParameter(List<Case> cases, Target target, Parameter parameter) {
        Schema<?> schema = parameter.getSchema();
        String name = parameter.getName();
        for (String text : FuzzBodies.oddTexts()) {
            Expected expected = FuzzBodies.expectedOf(schema, text);
            String shown = text.length() > 40 ? text.substring(0, 40) : text;
            addParameter(cases, target, name, shown, expected, TestServer.encoded(text));
        }
        for (String raw : List.of("%", "%2", "%zz", "%ff", "%c0%80", "%ed%a0%bd", "a%00b", "%0d%0aX:%20y")) {
            addParameter(cases, target, name, "encoded " + raw, Expected.INVALID_FIELD, raw);
        }
    }

    private static void addParameter(
            List<Case> cases, Target target, String name, String shown, Expected expected, String encoded) {
        boolean inPath = target.path().contains("{" + name + "}");
        Kind kind = inPath && NO_PATH.matcher(encoded).find() ? Kind.LAST : Kind.ANSWERED;
        cases.add(new Case(shown, target, true, kind, expected, name, random -> {
            WireRequest request = valid(target, random, inPath ? name : null, encoded);
            if (!inPath) {
                request.target = request.target.split("\\?")[0] + "?" + name + "=" + encoded;
            }
            return request;
        }));
        if (!inPath) {
            cases.add(new Case("twice", target, true, Kind.ANSWERED, Expected.INVALID_FIELD, null, random -> {
                WireRequest request = valid(target, random);
                request.target = request.target.split("\\?")[0] + "?" + name + "=" + encoded + "&" + name + "=1";
                return request;
            }));
        }
    }

    private static void addQueries(List<Case> cases, Target target) {
        boolean takesQuery = target.parameters().stream().anyMatch(parameter -> "query".equals(parameter.getIn()));
        for (String query : List.of(
                "unknown=x",
                "=",
                "&",
                "a&b&c",
                "%FF=a",
                "%00=x",
                "=&=&",
                "x".repeat(4000),
                "%F0%9F%98%80".repeat(70),
                "x".repeat(63) + "%F0%9F%98%80%F0%9F%98%80",
                "a=b;c=d",
                "a[]=1",
                "+=+",
                "'=\"",
                "<x>=y",
                "\u00e9=\u00e9")) {
            Expected expected = takesQuery ? Expected.INVALID_FIELD : Expected.DOCUMENTED;
            String shown = query.length() > 40 ? query.substring(0, 40) : query;
            cases.add(new Case("?" + shown, target, true, Kind.ANSWERED, expected, null, random -> {
                WireRequest request = valid(target, random);
                request.target = request.target.split("\\?")[0] + "?" + query;
                return request;
            }));
        }
    }

    /** Returns a valid request. */
    private static WireRequest valid(Target target, Random random) {
        return valid(target, random, null, null);
    }

    private static WireRequest valid(Target target, Random random, String faulty, String encoded) {
        WireRequest request = bare(target, random, faulty, encoded);
        return target.body() == null ? request : request.json(FuzzBodies.valid(target.body(), "body", random));
    }

    private static WireRequest bare(Target target, Random random) {
        return bare(target, random, null, null);
    }

    /** Returns a valid request without its body. */
    private static WireRequest bare(Target target, Random random, String faulty, String encoded) {
        String path = target.path();
        StringBuilder query = new StringBuilder();
        for (Parameter parameter : target.parameters()) {
            String name = parameter.getName();
            String value = name.equals(faulty)
                    ? encoded
                    : TestServer.encoded(FuzzBodies.validText(parameter.getSchema(), name, random));
            if ("path".equals(parameter.getIn())) {
                path = path.replace("{" + name + "}", value);
            } else if ("query".equals(parameter.getIn()) && random.nextInt(3) == 0) {
                query.append(query.isEmpty() ? "?" : "&")
                        .append(name)
                        .append("=")
                        .append(value);
            }
        }
        return new WireRequest(target.method(), path + query);
    }

    /** Returns the request as it was sent, for people. */
    static String shown(byte[] request) {
        String text = new String(request, StandardCharsets.ISO_8859_1);
        return text.length() > 3000 ? text.substring(0, 3000) + "... (" + text.length() + " bytes)" : text;
    }
}
