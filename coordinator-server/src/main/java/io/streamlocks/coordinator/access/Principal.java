package io.streamlocks.coordinator.access;

import java.util.List;

/**
 * Who makes a call, and what it may do.
 *
 * @param id a label of the token, shown where it is asked by whom something was done
 * @param role which calls it may make
 * @param streamPrefixes it may name only streams whose id begins with one of them; empty for any
 * @param ownerPrefix it may act only for owners whose id begins with it; empty for any
 */
public record Principal(String id, Role role, List<String> streamPrefixes, String ownerPrefix) {

    /** Everybody, where there is no access control: may do all. */
    public static final Principal ANONYMOUS = new Principal("anonymous", Role.OPERATOR, List.of(), "");

    /** Keeps a copy of the list. */
    public Principal {
        streamPrefixes = List.copyOf(streamPrefixes);
    }

    /** Whether it may make calls that ask for this. */
    public boolean may(Permission permission) {
        return role.may(permission);
    }

    /** Whether it may name this stream. */
    public boolean mayNameStream(String streamId) {
        return isForAllStreams() || streamPrefixes.stream().anyMatch(streamId::startsWith);
    }

    /** Whether it may act for this owner. */
    public boolean mayActFor(String ownerId) {
        return ownerId.startsWith(ownerPrefix);
    }

    /** Whether no stream is closed to it. */
    public boolean isForAllStreams() {
        return streamPrefixes.isEmpty();
    }

    /**
     * Returns if it may make calls that ask for this.
     *
     * @throws ForbiddenException if not
     */
    public void require(Permission permission) {
        if (!may(permission)) {
            throw new ForbiddenException(null, "The role of this token does not allow this call.");
        }
    }

    /**
     * Returns if it may name this stream.
     *
     * @throws ForbiddenException if not
     */
    public void requireStream(String streamId) {
        if (!mayNameStream(streamId)) {
            throw new ForbiddenException("streamId", "This token is not for this stream.");
        }
    }

    /**
     * Returns if it may act for this owner.
     *
     * @throws ForbiddenException if not
     */
    public void requireOwner(String ownerId) {
        if (!mayActFor(ownerId)) {
            throw new ForbiddenException("ownerId", "This token is not for this owner.");
        }
    }

    /**
     * Returns if it may see all streams whose id begins with this.
     *
     * @param prefix empty for all streams that there are
     * @throws ForbiddenException if not
     */
    public void requireAllStreamsOf(String prefix) {
        // What begins with a longer prefix begins with a shorter one, too.
        if (!mayNameStream(prefix)) {
            throw new ForbiddenException(
                    "prefix", "This token is for some streams only: name a prefix that is theirs alone.");
        }
    }

    /**
     * Returns if no stream is closed to it.
     *
     * @throws ForbiddenException if one is
     */
    public void requireWholeNamespace() {
        if (!isForAllStreams()) {
            throw new ForbiddenException(null, "This call is for tokens that are for all streams.");
        }
    }

    /** Without the prefixes, which no log line need tell. */
    @Override
    public String toString() {
        return "Principal[" + id + ", " + role.code() + "]";
    }
}
