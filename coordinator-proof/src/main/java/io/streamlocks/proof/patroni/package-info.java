/**
 * Fail-overs by a real Patroni while coordinators serve: three nodes with etcd and HAProxy, switchovers, kills,
 * partitions from etcd, and the promotion of a replica that lagged. The load and the checks are those of the runs under
 * faults.
 */
@NullMarked
package io.streamlocks.proof.patroni;

import org.jspecify.annotations.NullMarked;
