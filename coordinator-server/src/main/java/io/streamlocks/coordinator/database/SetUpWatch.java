package io.streamlocks.coordinator.database;

import io.streamlocks.coordinator.lock.postgres.SetUpCheck;
import java.util.ArrayList;
import java.util.List;
import java.util.function.Supplier;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Logs each way in which the set-up of the database can lose grants: once when it is found, again when the database has
 * been restarted or replaced by another server, and once when it is gone. This class is for one thread at a time.
 */
final class SetUpWatch implements Runnable {

    private static final Logger LOG = LoggerFactory.getLogger(SetUpWatch.class);

    private final DatabaseUrl url;
    private final Supplier<SetUpCheck.Report> check;

    private String server = "";
    private List<String> logged = List.of();

    /**
     * @param url where the database is
     * @param check looks at the database
     */
    SetUpWatch(DatabaseUrl url, Supplier<SetUpCheck.Report> check) {
        this.url = url;
        this.check = check;
    }

    /**
     * Looks at the database, and logs what is new.
     *
     * @throws RuntimeException if it cannot look
     */
    @Override
    public void run() {
        SetUpCheck.Report report = check.get();
        if (!report.server().equals(server)) {
            server = report.server();
            logged = List.of();
        }
        List<String> findings = new ArrayList<>(report.findings());
        url.finding().ifPresent(findings::add);
        for (String finding : findings) {
            if (!logged.contains(finding)) {
                LOG.warn("PostgreSQL at {}: {}", url, finding);
            }
        }
        for (String finding : logged) {
            if (!findings.contains(finding)) {
                LOG.info("PostgreSQL at {}: no longer found: {}", url, finding);
            }
        }
        logged = findings;
    }
}
