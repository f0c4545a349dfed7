package io.streamlocks.coordinator.access;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatCode;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.util.List;
import org.assertj.core.api.ThrowableAssert.ThrowingCallable;
import org.junit.jupiter.api.Test;

class PrincipalTest {

    private final Principal limited = new Principal("w", Role.WORKER, List.of("orders/", "bills/"), "pod-");

    @Test
    void aRoleDecidesWhichCallsArePermitted() {
        assertThat(limited.may(Permission.HOLD)).isTrue();
        assertThat(limited.may(Permission.LOOK)).isTrue();
        assertForbidden(() -> limited.require(Permission.READ), null);
        assertForbidden(() -> limited.require(Permission.BREAK), null);
        assertThatCode(() -> limited.require(Permission.OPEN)).doesNotThrowAnyException();
    }

    @Test
    void aStreamMustBeginWithOneOfThePrefixes() {
        assertThatCode(() -> limited.requireStream("bills/1")).doesNotThrowAnyException();
        assertThatCode(() -> limited.requireStream("orders/")).doesNotThrowAnyException();
        for (String other : List.of("orders", "Orders/1", "x/orders/1", "", "order/1")) {
            assertForbidden(() -> limited.requireStream(other), "streamId");
        }
    }

    @Test
    void anOwnerMustBeginWithThePrefix() {
        assertThatCode(() -> limited.requireOwner("pod-1")).doesNotThrowAnyException();
        assertForbidden(() -> limited.requireOwner("pod"), "ownerId");
        assertForbidden(() -> limited.requireOwner("a-pod-1"), "ownerId");
    }

    @Test
    void aPrefixMayBeListedByACallerForAllItsStreams() {
        assertThatCode(() -> limited.requireAllStreamsOf("orders/eu")).doesNotThrowAnyException();
        assertForbidden(() -> limited.requireAllStreamsOf("orders"), "prefix");
        assertForbidden(() -> limited.requireAllStreamsOf(""), "prefix");
        assertForbidden(limited::requireWholeNamespace, null);
    }

    @Test
    void everyCallerMayDoEverythingWithoutAccessControl() {
        for (Permission permission : Permission.values()) {
            Principal.ANONYMOUS.require(permission);
        }
        Principal.ANONYMOUS.requireStream("x");
        Principal.ANONYMOUS.requireOwner("x");
        Principal.ANONYMOUS.requireAllStreamsOf("");
        Principal.ANONYMOUS.requireWholeNamespace();
        assertThat(Principal.ANONYMOUS.id()).isEqualTo("anonymous");
    }

    @Test
    void itsTextHasNoPrefix() {
        assertThat(limited).hasToString("Principal[w, worker]");
    }

    private static void assertForbidden(ThrowingCallable call, String field) {
        assertThatThrownBy(call).isInstanceOfSatisfying(ForbiddenException.class, e -> {
            assertThat(e.field().orElse(null)).isEqualTo(field);
            assertThat(e.getMessage()).doesNotContain("orders", "bills", "pod");
        });
    }
}
