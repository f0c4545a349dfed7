package io.streamlocks.coordinator.access;

import java.util.Arrays;
import java.util.Locale;
import java.util.Optional;
import java.util.Set;
import java.util.stream.Collectors;

/** The role of a token, which permits some of the calls. */
public enum Role {
    /** Holds leases, and may look up whether a stream is free. */
    WORKER(Permission.HOLD, Permission.LOOK),
    /** Sees everything and changes nothing. */
    READER(Permission.LOOK, Permission.READ),
    /** May do everything. */
    OPERATOR(Permission.HOLD, Permission.LOOK, Permission.READ, Permission.BREAK);

    private final Set<Permission> permissions;

    Role(Permission... permissions) {
        this.permissions = Set.of(permissions);
    }

    /** Returns whether this role may make calls that require this permission. */
    public boolean may(Permission permission) {
        return permission == Permission.OPEN || permissions.contains(permission);
    }

    /** Returns its name in a tokens file and in a JWT. */
    public String code() {
        return name().toLowerCase(Locale.ROOT);
    }

    /** Returns the role with this name; empty if there is none. */
    public static Optional<Role> of(String code) {
        return Arrays.stream(values()).filter(role -> role.code().equals(code)).findFirst();
    }

    static String codes() {
        return Arrays.stream(values()).map(Role::code).collect(Collectors.joining(", "));
    }
}
