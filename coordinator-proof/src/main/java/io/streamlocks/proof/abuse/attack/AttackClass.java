package io.streamlocks.proof.abuse.attack;

import java.util.Arrays;
import java.util.Locale;
import java.util.function.Supplier;
import java.util.stream.Collectors;

/** The attacks, by the names that the command line knows. */
public enum AttackClass {
    /** Batches that renew one live lease a thousand times. */
    SAME_LEASE(false, () -> new SameLease(false)),
    /** The same with another ttl in each item. */
    SAME_LEASE_TTLS(false, () -> new SameLease(true)),
    /** Large bodies that hardly arrive, of nobody in particular. */
    STALLED_BODIES(false, StalledBodies::new),
    /** Acquires with 105,000 labels. */
    LABEL_BOMBS(false, LabelBombs::new),
    /** Bodies that are costly to parse: many items, deep nesting, unknown fields, long values. */
    HUGE_BODIES(false, HugeBodies::new),
    /** Requests to speak another protocol. */
    UPGRADES(false, Upgrades::new),
    /** Control and format characters wherever a request can have them. */
    CONTROL_CHARACTERS(false, ControlCharacters::new),
    /** Walks through the list of a great many locks. */
    LISTS(true, Lists::new),
    /** Request heads that arrive byte by byte, from one address. */
    SLOW_HEADS(false, () -> new SlowHeads(1)),
    /** The same from 64 addresses. */
    SLOW_HEADS_SPREAD(false, () -> new SlowHeads(64)),
    /** Long answers that are never read. */
    UNREAD_ANSWERS(true, UnreadAnswers::new),
    /** What is no HTTP. */
    GARBAGE(false, Garbage::new),
    /** Calls with a token that nobody has. */
    WRONG_TOKENS(false, WrongTokens::new),
    /** Calls as they should be, as many as 64 connections carry. */
    GOOD_CALLS(false, GoodCalls::new);

    private final boolean wantsRows;
    private final Supplier<Attack> make;

    AttackClass(boolean wantsRows, Supplier<Attack> make) {
        this.wantsRows = wantsRows;
        this.make = make;
    }

    /**
     * The attack with that name.
     *
     * @throws IllegalArgumentException if there is none
     */
    public static AttackClass of(String name) {
        return Arrays.stream(values())
                .filter(attack -> attack.toString().equals(name))
                .findFirst()
                .orElseThrow(() -> new IllegalArgumentException("No such attack: " + name + "; there are "
                        + Arrays.stream(values()).map(AttackClass::toString).collect(Collectors.joining(", "))));
    }

    /** Whether it is one only where a great many streams are locked. */
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
