package io.streamlocks.proof.patroni;

import io.streamlocks.testkit.rig.Machine;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Optional;
import java.util.stream.Stream;

/**
 * The installed programs of a cluster.
 *
 * @param postgres the directory of PostgreSQL's programs. The embedded PostgreSQL lacks those that Patroni needs, such
 *     as pg_basebackup and pg_rewind
 */
record Programs(Path patroni, Path patronictl, Path etcd, Path haproxy, Path postgres) {

    private static final Path DEBIAN = Path.of("/usr/lib/postgresql");

    /** Returns what is not installed here, as the name of its Debian package. Returns an empty list if all is there. */
    static List<String> missing() throws IOException {
        List<String> missing = new ArrayList<>();
        if (Machine.find("patroni").isEmpty() || Machine.find("patronictl").isEmpty()) {
            missing.add("patroni");
        }
        if (Machine.find("etcd").isEmpty()) {
            missing.add("etcd-server");
        }
        if (Machine.find("haproxy").isEmpty()) {
            missing.add("haproxy");
        }
        if (findPostgres().isEmpty()) {
            missing.add("postgresql");
        }
        return missing;
    }

    /** Finds the programs, of which none may be missing. */
    static Programs find() throws IOException {
        return new Programs(
                Machine.find("patroni").orElseThrow(),
                Machine.find("patronictl").orElseThrow(),
                Machine.find("etcd").orElseThrow(),
                Machine.find("haproxy").orElseThrow(),
                findPostgres().orElseThrow());
    }

    /** Returns the directory of the latest version that has all programs. */
    private static Optional<Path> findPostgres() throws IOException {
        if (!Files.isDirectory(DEBIAN)) {
            return Optional.empty();
        }
        try (Stream<Path> versions = Files.list(DEBIAN)) {
            return versions.filter(version -> version.getFileName().toString().matches("\\d+"))
                    .sorted(Comparator.comparing((Path version) ->
                                    Integer.valueOf(version.getFileName().toString()))
                            .reversed())
                    .map(version -> version.resolve("bin"))
                    .filter(bin -> Files.isExecutable(bin.resolve("postgres"))
                            && Files.isExecutable(bin.resolve("pg_basebackup")))
                    .findFirst();
        }
    }
}
