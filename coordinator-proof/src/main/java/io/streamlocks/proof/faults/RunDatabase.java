package io.streamlocks.proof.faults;

import io.streamlocks.proof.process.Cleanup;
import io.streamlocks.testkit.rig.Folders;
import io.streamlocks.testkit.rig.Link;
import io.streamlocks.testkit.rig.PostgresServer;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.sql.SQLException;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

/**
 * The database of a run: a pair of servers that the run starts, or the database of the user.
 *
 * @param postgres the servers that the run started; empty if the database is the user's
 * @param accesses the way of each coordinator to the database
 */
record RunDatabase(Optional<PostgresPair> postgres, List<DatabaseAccess> accesses) {

    /**
     * Starts the servers, unless the settings name a database, and the links to them. Blocks until they serve.
     *
     * @param logs the directory for the logs
     * @param smallDisks whether each server has a small disk of its own
     * @param cleanup closes everything later
     */
    static RunDatabase start(Settings settings, Path logs, boolean smallDisks, Cleanup cleanup)
            throws IOException, InterruptedException, SQLException {
        if (!settings.databaseUrl().isEmpty()) {
            return ofUser(settings, cleanup);
        }
        Path data = Files.createTempDirectory("proof");
        cleanup.closeLater(() -> Folders.delete(data));
        if (smallDisks) {
            cleanup.closeLater(Disk.mount(data.resolve("postgres-1"))::unmount);
            cleanup.closeLater(Disk.mount(data.resolve("postgres-2"))::unmount);
        }
        PostgresPair pair = cleanup.closeLater(PostgresPair.start(data, logs));
        List<DatabaseAccess> accesses = new ArrayList<>();
        for (int i = 0; i < settings.coordinators(); i++) {
            List<Link> links = new ArrayList<>();
            for (PostgresServer server : pair.servers()) {
                links.add(cleanup.closeLater(new Link(server.port())));
            }
            String url = "postgres://postgres@127.0.0.1:" + links.get(0).port() + ",127.0.0.1:"
                    + links.get(1).port() + "/postgres";
            accesses.add(new DatabaseAccess(url, links));
        }
        return new RunDatabase(Optional.of(pair), accesses);
    }

    private static RunDatabase ofUser(Settings settings, Cleanup cleanup) throws IOException {
        Optional<DatabaseAddress> address = DatabaseAddress.of(settings.databaseUrl());
        List<DatabaseAccess> accesses = new ArrayList<>();
        for (int i = 0; i < settings.coordinators(); i++) {
            if (address.isEmpty()) {
                accesses.add(new DatabaseAccess(settings.databaseUrl(), List.of()));
            } else {
                Link link = cleanup.closeLater(new Link(address.get().port()));
                accesses.add(new DatabaseAccess(address.get().urlThrough(link.port()), List.of(link)));
            }
        }
        return new RunDatabase(Optional.empty(), accesses);
    }
}
