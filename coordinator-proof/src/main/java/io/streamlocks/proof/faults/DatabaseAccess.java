package io.streamlocks.proof.faults;

import io.streamlocks.testkit.rig.Link;
import java.util.List;

/**
 * How a coordinator reaches its database.
 *
 * @param url the {@code DATABASE_URL} of the coordinator
 * @param links the links to which the URL leads; empty if it leads to the database itself
 */
public record DatabaseAccess(String url, List<Link> links) {}
