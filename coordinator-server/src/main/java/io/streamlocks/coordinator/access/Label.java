package io.streamlocks.coordinator.access;

import io.streamlocks.coordinator.lock.Limits;

/** The rule for the id of a token and for prefixes, which are beginnings of ids. All of them are printed. */
final class Label {

    static final String RULE = "must be a string of 1 to " + Limits.MAX_ID_LENGTH + " printable characters";

    private Label() {}

    static boolean isValid(String value) {
        return !value.isEmpty()
                && value.codePointCount(0, value.length()) <= Limits.MAX_ID_LENGTH
                && value.codePoints().allMatch(Label::isPrintable);
    }

    private static boolean isPrintable(int codePoint) {
        boolean nonCharacter = (codePoint & 0xFFFE) == 0xFFFE || (codePoint >= 0xFDD0 && codePoint <= 0xFDEF);
        return !nonCharacter
                && switch (Character.getType(codePoint)) {
                    case Character.CONTROL,
                            Character.SURROGATE,
                            Character.LINE_SEPARATOR,
                            Character.PARAGRAPH_SEPARATOR -> false;
                    default -> true;
                };
    }
}
