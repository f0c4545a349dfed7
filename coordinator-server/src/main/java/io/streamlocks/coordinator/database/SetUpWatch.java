package io.streamlocks.coordinator.database;

import io.streamlocks.coordinator.lock.postgres.SetUpCheck;
import java.util.ArrayList;
import java.util.List;
import java.util.function.Supplier;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Says in the log how the database is set up to lose grants: a line for each finding when it is first seen, and again when
 * another server answers or the same was restarted; and when it is gone. For one thread at a time.
 */
final class SetUpWatch implements Runnable {

    private static final Logger LOG = LoggerFactory.getLogger(SetUpWatch.class);

    private final DatabaseUrl url;
    private final Supplier<SetUpCheck.Report> check;

    private String server = "";
    private List<String> told = List.of();

    /**
     * @param url where the database is
     * @param check looks at it
     */
    SetUpWatch(DatabaseUrl url, Supplier<SetUpCheck.Report> check) {
        this.url = url;
        this.check = check;
    }

    /**
     * Looks, and logs what is new.
     *
     * @throws RuntimeException if it cannot look
     */
    @Override
    public void run() {
        SetUpCheck.Report report = check.get();
        if (!report.server().equals(server)) {
            server = report.server();
            told = List.of();
        }
        List<String> findings = new ArrayList<>(report.findings());
        url.finding().ifPresent(findings::add);
        for (String finding : findings) {
            if (!told.contains(finding)) {
                LOG.warn("PostgreSQL at {}: {}", url, finding);
            }
        }
        for (String finding : told) {
            if (!findings.contains(finding)) {
                LOG.info("PostgreSQL at {}: no longer so: {}", url, finding);
            }
        }
        told = findings;
    }
}
