package io.streamlocks.proof.patroni;

import java.nio.file.Path;
import java.util.Locale;

/** The configuration of a Patroni. */
final class PatroniConfig {

    /** The name of the cluster. */
    static final String SCOPE = "locks";

    private static final String FORM = """
            scope: %1$s
            name: %2$s
            restapi:
              listen: 127.0.0.1:%3$d
              connect_address: 127.0.0.1:%3$d
            etcd3:
              hosts: 127.0.0.1:%4$d
              # Otherwise Patroni asks etcd for its address, and leaves the link out.
              use_proxies: true
            bootstrap:
              dcs:
                ttl: %5$d
                loop_wait: 1
                retry_timeout: %6$d
                # A replica that lags by more is not promoted.
                maximum_lag_on_failover: 1073741824
                synchronous_mode: %7$s
                postgresql:
                  use_pg_rewind: true
                  use_slots: true
                  parameters:
                    max_connections: 100
                    wal_keep_size: 256MB
                    max_wal_size: 256MB
                    log_checkpoints: 'off'
              initdb:
                - encoding: UTF8
                - locale: C
                - data-checksums
              pg_hba:
                - local all all trust
                - host all all 127.0.0.1/32 trust
                - host replication all 127.0.0.1/32 trust
            postgresql:
              listen: 127.0.0.1:%8$d
              # The other nodes come here, through the link.
              connect_address: 127.0.0.1:%9$d
              data_dir: %10$s
              bin_dir: %11$s
              pgpass: %10$s.pgpass
              remove_data_directory_on_diverged_timelines: true
              remove_data_directory_on_rewind_failure: true
              authentication:
                superuser:
                  username: postgres
                  password: none
                replication:
                  username: postgres
                  password: none
                rewind:
                  username: postgres
                  password: none
              parameters:
                unix_socket_directories: %12$s
            """;

    private PatroniConfig() {}

    /**
     * Returns the configuration of a node.
     *
     * @param ttl how many seconds the leader key lives
     * @param synchronous whether commits wait for a standby, which alone may be promoted
     * @param programs the directory of PostgreSQL's programs
     * @param etcd the port through which this Patroni reaches etcd
     * @param postgres the port through which the other nodes reach this PostgreSQL
     */
    static String of(PatroniNode node, int ttl, boolean synchronous, Path programs, int etcd, int postgres) {
        return String.format(
                Locale.ROOT,
                FORM,
                SCOPE,
                node.name(),
                node.restPort(),
                etcd,
                ttl,
                // Patroni requires that the ttl is not below loop_wait plus twice this.
                (ttl - 1) / 2,
                synchronous,
                node.port(),
                postgres,
                node.data(),
                programs,
                node.data().getParent());
    }
}
