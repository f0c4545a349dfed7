package io.streamlocks.proof.abuse;

import io.streamlocks.proof.abuse.attack.Abuser;
import io.streamlocks.proof.abuse.attack.AttackClass;
import io.streamlocks.testkit.rig.ChildProcess;
import io.streamlocks.testkit.rig.Folders;
import io.streamlocks.testkit.rig.Machine;
import io.streamlocks.testkit.rig.PostgresServer;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.sql.SQLException;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.TimeUnit;

/** One attack on one coordinator. */
final class AbuseRun {

    /** The time that an attack may take to end. */
    private static final long ENDING_SECONDS = 20;

    /** The time for the last read of the leases, in which an attacked server may recover. */
    private static final Duration LAST_LOOK = Duration.ofSeconds(5);

    private final AbuseSettings settings;
    private final Combination combination;
    private final AttackClass attack;
    private final Optional<PostgresServer> postgres;
    private final Path directory;

    /**
     * Describes an attack.
     *
     * @param postgres the database, for the backend postgres
     */
    AbuseRun(AbuseSettings settings, Combination combination, AttackClass attack, Optional<PostgresServer> postgres) {
        this.settings = settings;
        this.combination = combination;
        this.attack = attack;
        this.postgres = postgres;
        this.directory = settings.output().resolve(combination + "-" + attack);
    }

    /** Runs the attack. Blocks for about 15 s longer than the attack takes. */
    AbuseResult run() throws IOException, InterruptedException, SQLException {
        Folders.clear(directory);
        Files.createDirectories(directory);
        AbuseResult result = attack();
        ServerLog.shorten(directory.resolve(Service.LOG));
        return result;
    }

    private AbuseResult attack() throws IOException, InterruptedException, SQLException {
        try (Service service = Service.start(settings, combination, postgres, directory);
                Victims victims = new Victims(service.port(), settings.ttl());
                Probes probes = new Probes(service.healthPort());
                ChildProcess abuser = abuser(service.port())) {
            if (attack.wantsRows()) {
                service.lockMany(settings.rows());
            }
            victims.start();
            // The first calls of a new JVM are slow, with or without an attack.
            TimeUnit.MILLISECONDS.sleep(settings.ttl().toMillis() / 2);

            long began = System.nanoTime();
            victims.record().begin();
            ServerLog log = ServerLog.fromNow(service.coordinator().process().log());
            probes.start();
            abuser.start();
            awaitEnd(abuser);
            // A loss shows at the next renewal.
            TimeUnit.MILLISECONDS.sleep(settings.ttl().toMillis() / 3 + 1000);

            probes.stop();
            victims.stopRenewing();
            Duration took = Duration.ofNanos(System.nanoTime() - began);
            boolean isAlive = service.coordinator().process().isAlive();
            lookAtLeases(service.coordinator().port(), victims);
            Observation seen = new Observation(
                    victims.record().lost(),
                    victims.record().renewalMs(),
                    probes.failures(),
                    log.growth(),
                    took,
                    isAlive);
            return new AbuseResult(
                    combination,
                    attack,
                    seen,
                    victims.record().cycles(),
                    probes.made(),
                    Files.readString(abuser.log()).strip(),
                    AbuseRules.violations(seen, settings.mostP99()));
        }
    }

    private ChildProcess abuser(int port) throws IOException {
        return ChildProcess.command(
                        Machine.java(),
                        "-XX:+UseSerialGC",
                        "-XX:TieredStopAtLevel=1",
                        "-Xmx1g",
                        "-cp",
                        System.getProperty("java.class.path"),
                        Abuser.class.getName(),
                        attack.toString(),
                        Integer.toString(port),
                        Long.toString(settings.seconds().toSeconds()))
                .name("abuser")
                .environment(
                        Map.of(Abuser.WORKER_TOKEN, Caller.ABUSER.token(), Abuser.READER_TOKEN, Caller.READER.token()))
                .log(directory.resolve("abuser.log"))
                .build();
    }

    private void awaitEnd(ChildProcess abuser) throws InterruptedException {
        long began = System.nanoTime();
        Duration most = settings.seconds().plusSeconds(ENDING_SECONDS);
        while (abuser.isAlive() && System.nanoTime() - began < most.toNanos()) {
            TimeUnit.MILLISECONDS.sleep(50);
        }
        abuser.close();
    }

    /** Records leases as lost that are not live with the token of their grant. */
    private static void lookAtLeases(int port, Victims victims) throws InterruptedException {
        List<String> known = victims.record().lost();
        Optional<Map<String, Long>> live = liveLeases(port);
        victims.fencingTokens().forEach((stream, token) -> {
            if (known.stream().noneMatch(lost -> lost.startsWith(stream + ":"))) {
                if (live.isEmpty()) {
                    victims.record().lost(stream, "the server does not report its holder");
                } else if (!token.equals(live.get().get(stream))) {
                    victims.record().lost(stream, "it is not live at the end, or has another token");
                }
            }
        });
    }

    private static Optional<Map<String, Long>> liveLeases(int port) throws InterruptedException {
        Api operator = new Api(port, Caller.OPERATOR);
        long began = System.nanoTime();
        do {
            try {
                return Optional.of(operator.fencingTokens(Victims.PREFIX));
            } catch (IOException e) {
                TimeUnit.MILLISECONDS.sleep(100);
            }
        } while (System.nanoTime() - began < LAST_LOOK.toNanos());
        return Optional.empty();
    }
}
