package io.streamlocks.coordinator.access;

/** The rule for the id of a token, and for prefixes: they are beginnings of ids, and are printed. */
final class Label {

    static final String RULE = "must be a string of 1 to 255 printable characters";

    private static final int MAX_LENGTH = 255;

    private Label() {}

    static boolean isValid(String value) {
        return !value.isEmpty()
                && value.codePointCount(0, value.length()) <= MAX_LENGTH
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
