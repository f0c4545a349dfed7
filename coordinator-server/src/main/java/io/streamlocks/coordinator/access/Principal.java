package io.streamlocks.coordinator.access;

import java.util.List;

/**
 * The caller of a call, and what it may do.
 *
 * @param id a label of the token, which the history and the log show
 * @param role which calls it may make
 * @param streamPrefixes it may use only streams whose id begins with one of these; empty for all streams
 * @param ownerPrefix it may act only for owners whose id begins with this; empty for all owners
 */
public record Principal(String id, Role role, List<String> streamPrefixes, String ownerPrefix) {

    /** Every caller of a server without access control. It may do everything. */
    public static final Principal ANONYMOUS = new Principal("anonymous", Role.OPERATOR, List.of(), "");

    /** Copies the list. */
    public Principal {
        streamPrefixes = List.copyOf(streamPrefixes);
    }

    /** Returns whether it may make calls that require this permission. */
    public boolean may(Permission permission) {
        return role.may(permission);
    }

    /** Returns whether it may use this stream. */
    public boolean mayNameStream(String streamId) {
        return isForAllStreams() || streamPrefixes.stream().anyMatch(streamId::startsWith);
    }

    /** Returns whether it may act for this owner. */
    public boolean mayActFor(String ownerId) {
        return ownerId.startsWith(ownerPrefix);
    }

    /** Returns whether it may use all streams. */
    public boolean isForAllStreams() {
        return streamPrefixes.isEmpty();
    }

    /**
     * Requires that it may make calls that require this permission.
     *
     * @throws ForbiddenException if it may not
     */
    public void require(Permission permission) {
        if (!may(permission)) {
            throw new ForbiddenException("The role of this token does not allow this call.");
        }
    }

    /**
     * Requires that it may use this stream.
     *
     * @throws ForbiddenException if it may not
     */
    public void requireStream(String streamId) {
        if (!mayNameStream(streamId)) {
            throw ForbiddenException.of("streamId", "This token is not for this stream.");
        }
    }

    /**
     * Requires that it may use this group. The ids of groups and streams have the same prefixes.
     *
     * @throws ForbiddenException if it may not
     */
    public void requireGroup(String groupId) {
        if (!mayNameStream(groupId)) {
            throw ForbiddenException.of("groupId", "This token is not for this group.");
        }
    }

    /**
     * Requires that it may act for this owner.
     *
     * @throws ForbiddenException if it may not
     */
    public void requireOwner(String ownerId) {
        if (!mayActFor(ownerId)) {
            throw ForbiddenException.of("ownerId", "This token is not for this owner.");
        }
    }

    /**
     * Requires that it may see all streams whose id begins with this.
     *
     * @param prefix the beginning of the ids; empty for all streams
     * @throws ForbiddenException if it may not
     */
    public void requireAllStreamsOf(String prefix) {
        // An id that begins with the longer prefix begins with the shorter one as well.
        if (!mayNameStream(prefix)) {
            throw ForbiddenException.of(
                    "prefix", "This token is for some streams only. Use a prefix that matches no other streams.");
        }
    }

    /**
     * Requires that it may use all streams.
     *
     * @throws ForbiddenException if it may not
     */
    public void requireWholeNamespace() {
        if (!isForAllStreams()) {
            throw new ForbiddenException("This call requires a token for all streams.");
        }
    }

    /** Returns the id and the role. Log lines do not contain the prefixes. */
    @Override
    public String toString() {
        return "Principal[" + id + ", " + role.code() + "]";
    }
}
