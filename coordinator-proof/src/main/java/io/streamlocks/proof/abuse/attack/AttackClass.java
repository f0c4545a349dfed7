package io.streamlocks.proof.abuse.attack;

import java.util.Arrays;
import java.util.Locale;
import java.util.function.Supplier;
import java.util.stream.Collectors;

/** The attacks by their names on the command line. */
public enum AttackClass {
    /** Batches that renew one live lease a thousand times. */
    SAME_LEASE(false, () -> new SameLease(false)),
    /** The same with another ttl in each item. */
    SAME_LEASE_TTLS(false, () -> new SameLease(true)),
    /** Large bodies without a token that arrive very slowly. */
    STALLED_BODIES(false, StalledBodies::new),
    /** Acquires with 105,000 labels. */
    LABEL_BOMBS(false, LabelBombs::new),
    /** Bodies that are costly to parse, such as many items, deep nesting, unknown fields and long values. */
    HUGE_BODIES(false, HugeBodies::new),
    /** Requests to switch to another protocol. */
    UPGRADES(false, Upgrades::new),
    /** Control and format characters in all parts of a request. */
    CONTROL_CHARACTERS(false, ControlCharacters::new),
    /** Walks through a long list of locks. */
    LISTS(true, Lists::new),
    /** Request heads that arrive byte by byte, from one address. */
    SLOW_HEADS(false, () -> new SlowHeads(1)),
    /** The same from 64 addresses. */
    SLOW_HEADS_SPREAD(false, () -> new SlowHeads(64)),
    /** Long responses that are never read. */
    UNREAD_ANSWERS(true, UnreadAnswers::new),
    /** Bytes that are not HTTP. */
    GARBAGE(false, Garbage::new),
    /** Calls with a token that does not exist. */
    WRONG_TOKENS(false, WrongTokens::new),
    /** Valid calls, as many as 64 connections carry. */
    GOOD_CALLS(false, GoodCalls::new);

    private final boolean wantsRows;
    private final Supplier<Attack> make;

    AttackClass(boolean wantsRows, Supplier<Attack> make) {
        this.wantsRows = wantsRows;
        this.make = make;
    }

    /**
     * Returns the attack with this name.
     *
     * @throws IllegalArgumentException if there is no such attack
     */
    public static AttackClass of(String name) {
        return Arrays.stream(values())
                .filter(attack -> attack.toString().equals(name))
                .findFirst()
                .orElseThrow(() -> new IllegalArgumentException("--attacks: unknown attack " + name
                        + ". The attacks are "
                        + Arrays.stream(values()).map(AttackClass::toString).collect(Collectors.joining(", "))));
    }

    /** Returns whether the attack needs many locked streams. */
    public boolean wantsRows() {
        return wantsRows;
    }

    Attack make() {
        return make.get();
    }

    @Override
    public String toString() {
        return name().toLowerCase(Locale.ROOT).replace('_', '-');
    }
}
