import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Optional;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * A process.
 *
 * @param out the file with what it prints
 */
record Started(Process process, Path out) {

    /** Returns the group of the pattern, once the process has printed it. */
    Optional<String> find(String pattern) {
        try {
            Matcher matcher = Pattern.compile(pattern).matcher(Files.readString(out));
            return matcher.find() ? Optional.of(matcher.group(1)) : Optional.empty();
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }
}
