package io.streamlocks.coordinator.access;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.catchThrowableOfType;

import io.streamlocks.coordinator.reload.UnusableFileException;
import java.nio.charset.StandardCharsets;
import java.time.Instant;
import java.util.Arrays;
import java.util.HexFormat;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class TokensTest {

    private static final String HASH = hash("a");

    private static String hash(String token) {
        return HexFormat.of().formatHex(Tokens.sha256(token));
    }

    private static Tokens parse(String... lines) throws UnusableFileException {
        return Tokens.parse(String.join("\n", lines).getBytes(StandardCharsets.UTF_8));
    }

    private static List<String> problems(String... lines) {
        return catchThrowableOfType(UnusableFileException.class, () -> parse(lines))
                .problems();
    }

    @Test
    void everyFieldIsRead() throws Exception {
        Tokens tokens = parse(String.format(Locale.ROOT, """
                {"id":"ops-alice","sha256":"%s","role":"operator","streamPrefixes":["orders/","\u00e9"],"ownerPrefix":"pod-","expiresAt":"2027-01-01T00:00:00Z"}
                """, HASH));
        Tokens.Entry entry = tokens.find("a").orElseThrow();
        assertThat(entry.principal())
                .isEqualTo(new Principal("ops-alice", Role.OPERATOR, List.of("orders/", "\u00e9"), "pod-"));
        assertThat(entry.expiresAt()).contains(Instant.parse("2027-01-01T00:00:00Z"));
    }

    @Test
    void whatMayBeLeftOutMeansNoLimit() throws Exception {
        Tokens.Entry entry = parse("{\"id\":\"a\",\"sha256\":\"" + HASH + "\",\"role\":\"worker\"}")
                .find("a")
                .orElseThrow();
        assertThat(entry.principal()).isEqualTo(new Principal("a", Role.WORKER, List.of(), ""));
        assertThat(entry.expiresAt()).isEmpty();
    }

    @Test
    void commentsBlankLinesAndLineEndsOfAnyKindSayNothing() throws Exception {
        Tokens tokens = parse(
                "# the workers",
                "",
                "   ",
                line("w", "a") + "\r",
                "  # indented",
                line("x", "b").replace(hash("b"), hash("b").toUpperCase(Locale.ROOT)));
        assertThat(tokens.find("a")).isPresent();
        assertThat(tokens.find("b")).isPresent();
        assertThat(tokens.find("c")).isEmpty();
        assertThat(tokens.find("")).isEmpty();
    }

    @Test
    void anIdMayStandOnTwoLinesWhileOneTokenReplacesAnother() throws Exception {
        Tokens tokens = parse(line("w", "old"), line("w", "new"));
        assertThat(tokens.find("old").map(Tokens.Entry::principal))
                .isEqualTo(tokens.find("new").map(Tokens.Entry::principal));
    }

    @Test
    void everyProblemIsNamedWithItsLineAndField() {
        assertThat(problems(
                        "# a comment",
                        line("w", "a"),
                        "{\"id\":\"\",\"sha256\":\"xyz\",\"role\":\"admin\",\"streamPrefixes\":[],\"ownerPrefix\":7,"
                                + "\"expiresAt\":\"tomorrow\",\"rol\":1}",
                        "{}",
                        "not JSON",
                        "[]",
                        line("w", "a")))
                .containsExactly(
                        "line 3: rol is not a field of a token",
                        "line 3: id must be a string of 1 to 255 printable characters",
                        "line 3: sha256 must be 64 hex digits",
                        "line 3: role must be one of worker, reader, operator",
                        "line 3: streamPrefixes must be an array of one prefix or more, each must be a string of 1 to 255"
                                + " printable characters; leave it out for any stream",
                        "line 3: ownerPrefix must be a string of 1 to 255 printable characters; leave it out for any owner",
                        "line 3: expiresAt must be an instant like 2027-01-01T00:00:00Z",
                        "line 4: id is missing",
                        "line 4: sha256 is missing",
                        "line 4: role is missing",
                        "line 5: is not one JSON object, or names a field twice",
                        "line 6: is not a JSON object",
                        "line 7: sha256 is that of line 2");
    }

    @ParameterizedTest
    @CsvSource(delimiter = '|', quoteCharacter = '`', textBlock = """
            "id":null                                 | id
            "id":1                                    | id
            "id":"a\\u0007"                           | id
            "id":"a\\ud800"                           | id
            "sha256":"0123"                           | sha256
            "sha256":1                                | sha256
            "sha256":null                             | sha256
            "role":null                               | role
            "role":"Worker"                           | role
            "role":["worker"]                         | role
            "streamPrefixes":"orders/"                | streamPrefixes
            "streamPrefixes":null                     | streamPrefixes
            "streamPrefixes":{"a":"b"}                | streamPrefixes
            "streamPrefixes":["a",""]                 | streamPrefixes
            "streamPrefixes":["a",1]                  | streamPrefixes
            "ownerPrefix":""                          | ownerPrefix
            "ownerPrefix":null                        | ownerPrefix
            "expiresAt":"2027-01-01"                  | expiresAt
            "expiresAt":1798761600                    | expiresAt
            "expiresAt":"2027-13-01T00:00:00Z"        | expiresAt
            """)
    void aFieldThatIsNotAsItShouldBeIsRefused(String given, String field) {
        String name = given.substring(0, given.indexOf(':'));
        String others = List.of("\"id\":\"w\"", "\"role\":\"worker\"", "\"sha256\":\"" + HASH + "\"").stream()
                .filter(other -> !other.startsWith(name))
                .reduce(given, (all, other) -> all + "," + other);
        assertThat(problems("{" + others + "}")).singleElement().asString().startsWith("line 1: " + field + " must be");
    }

    @Test
    void aFieldThatIsThereTwiceOrMoreThanAnObjectIsRefused() {
        String line = line("w", "a");
        assertThat(problems(line.replace("{", "{\"role\":\"operator\",")))
                .containsExactly("line 1: is not one JSON object, or names a field twice");
        assertThat(problems(line + line)).containsExactly("line 1: is not one JSON object, or names a field twice");
    }

    @Test
    void noProblemRepeatsWhatStandsInTheFile() {
        String secret = "slc_this-is-a-token";
        assertThat(problems(
                        secret,
                        "{\"" + secret + "\":1}",
                        "{\"id\":\"a\",\"sha256\":\"" + secret + "\",\"role\":\"" + secret + "\",\"expiresAt\":\""
                                + secret + "\"}",
                        "{\"id\":" + secret + "}"))
                .isNotEmpty()
                .noneMatch(problem -> problem.contains("slc_") || problem.contains("this-is"));
    }

    @Test
    void aFileThatIsCutOffIsBrokenUnlessBetweenTwoLines() throws Exception {
        String first = line("w", "a") + "\n";
        byte[] whole = (first + line("x", "b") + "\n").getBytes(StandardCharsets.UTF_8);
        for (int length = 0; length < whole.length; length++) {
            byte[] cut = Arrays.copyOf(whole, length);
            // The line's end itself says nothing.
            if (length == first.length() - 1 || length == first.length()) {
                // Nothing tells it from a whole one, so docs/security.md asks for a rename.
                assertThat(Tokens.parse(cut).find("b")).isEmpty();
            } else if (length < whole.length - 1) {
                assertThatThrownBy(() -> Tokens.parse(cut)).isInstanceOf(UnusableFileException.class);
            }
        }
    }

    @Test
    void aFileWithoutATokenIsBroken() {
        assertThat(problems("")).containsExactly("holds no token");
        assertThat(problems("# nobody", "")).containsExactly("holds no token");
    }

    @Test
    void aFileThatIsNotUtf8IsBroken() {
        assertThat(catchThrowableOfType(
                                UnusableFileException.class,
                                () -> Tokens.parse(line("w", "\u00e9").getBytes(StandardCharsets.UTF_16)))
                        .problems())
                .containsExactly("is not UTF-8");
    }

    @Test
    void aTokenJustMadeIsKnownByItsLineAndNotTold() throws Exception {
        Principal principal = new Principal("w", Role.WORKER, List.of("orders/", "\"\\"), "pod-");
        Optional<Instant> expiresAt = Optional.of(Instant.parse("2027-01-01T00:00:00Z"));
        NewToken made = NewToken.of(principal, expiresAt);
        assertThat(made.token()).matches("slc_[A-Za-z0-9_-]{43}");
        assertThat(made.line()).doesNotContain(made.token(), made.token().substring(4));
        assertThat(made.toString()).doesNotContain(made.token());
        Tokens.Entry entry = parse(made.line()).find(made.token()).orElseThrow();
        assertThat(entry.principal()).isEqualTo(principal);
        assertThat(entry.expiresAt()).isEqualTo(expiresAt);
        assertThat(NewToken.of(principal, expiresAt).token()).isNotEqualTo(made.token());
    }

    private static String line(String id, String token) {
        return "{\"id\":\"" + id + "\",\"sha256\":\"" + hash(token) + "\",\"role\":\"reader\"}";
    }
}
