import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.File;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.MessageDigest;
import java.util.HexFormat;
import java.util.Locale;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.stream.Collectors;
import java.util.zip.ZipFile;

/**
 * Compares an SBOM with the shipped libraries, and exits with 1 if they differ. The script .ci/sbom runs it.
 *
 * <p>The arguments are the SBOM and a file with the class path of the libraries. For a jar that contains its libraries,
 * that jar and the module's own jar follow.
 */
final class Shipped {

    private static boolean isWrong;

    public static void main(String[] args) throws Exception {
        Map<String, Path> libraries = new TreeMap<>();
        for (String jar : Files.readString(Path.of(args[1])).strip().split(File.pathSeparator)) {
            libraries.put(sha256(Path.of(jar)), Path.of(jar));
        }
        Map<String, String> listed = new TreeMap<>();
        for (JsonNode component : new ObjectMapper().readTree(new File(args[0])).get("components")) {
            for (JsonNode hash : component.get("hashes")) {
                if (hash.get("alg").asText().equals("SHA-256")) {
                    listed.put(hash.get("content").asText(), component.get("purl").asText());
                }
            }
        }
        libraries.forEach((hash, jar) -> complainUnless(listed.containsKey(hash), args[0] + " lacks " + jar));
        listed.forEach((hash, purl) -> complainUnless(libraries.containsKey(hash), args[0] + " lists " + purl + ", which is not shipped"));
        if (args.length > 2) {
            Map<String, Set<String>> inside = new TreeMap<>();
            for (Path jar : libraries.values()) {
                inside.put(jar.getFileName().toString(), classes(jar));
            }
            inside.put("the module's own", classes(Path.of(args[3])));
            Set<String> shipped = classes(Path.of(args[2]));
            inside.forEach((jar, classes) ->
                    complainUnless(shipped.containsAll(classes), args[2] + " lacks classes of " + jar));
            Set<String> unknown = new TreeSet<>(shipped);
            inside.values().forEach(unknown::removeAll);
            complainUnless(
                    unknown.isEmpty(),
                    String.format(Locale.ROOT, "%s has %d classes of no library, such as %s", args[2], unknown.size(), unknown.stream().findFirst().orElse("")));
        }
        System.out.printf(Locale.ROOT, "%s lists %d libraries.%n", args[0], listed.size());
        System.exit(isWrong ? 1 : 0);
    }

    private static Set<String> classes(Path jar) throws IOException {
        try (ZipFile zip = new ZipFile(jar.toFile())) {
            return zip.stream()
                    .map(entry -> entry.getName())
                    .filter(name -> name.endsWith(".class") && !name.endsWith("module-info.class"))
                    .collect(Collectors.toCollection(TreeSet::new));
        }
    }

    private static String sha256(Path file) throws Exception {
        return HexFormat.of().formatHex(MessageDigest.getInstance("SHA-256").digest(Files.readAllBytes(file)));
    }

    private static void complainUnless(boolean isRight, String complaint) {
        if (!isRight) {
            System.err.println(complaint);
            isWrong = true;
        }
    }
}
