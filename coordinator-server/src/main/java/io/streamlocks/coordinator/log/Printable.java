package io.streamlocks.coordinator.log;

import java.util.Locale;

/**
 * Text of others as a line for a terminal or a log: what would not be seen, or would change what is seen, is written out.
 * Whoever names a stream could otherwise begin a line of his own, move the cursor, or turn the direction of the text
 * around.
 */
public final class Printable {

    private Printable() {}

    /**
     * Writes out the control and format characters, the separators of lines and paragraphs, and what is no character, as
     * {@code \}{@code u202e}.
     */
    public static String of(String text) {
        return of(text, "");
    }

    /** The same, but for these characters. */
    static String of(String text, String kept) {
        int clean = 0;
        while (clean < text.length()) {
            int character = text.codePointAt(clean);
            if (isHidden(character) && kept.indexOf(character) < 0) {
                break;
            }
            clean += Character.charCount(character);
        }
        if (clean == text.length()) {
            return text;
        }
        StringBuilder printable = new StringBuilder(text.length() + 16).append(text, 0, clean);
        text.substring(clean).codePoints().forEach(character -> {
            if (!isHidden(character) || kept.indexOf(character) >= 0) {
                printable.appendCodePoint(character);
            } else {
                // As JSON and Java have those that are two: each by itself.
                for (char half : Character.toChars(character)) {
                    printable.append(String.format(Locale.ROOT, "\\u%04x", (int) half));
                }
            }
        });
        return printable.toString();
    }

    private static boolean isHidden(int character) {
        return switch (Character.getType(character)) {
            case Character.CONTROL,
                    Character.FORMAT,
                    Character.LINE_SEPARATOR,
                    Character.PARAGRAPH_SEPARATOR,
                    Character.SURROGATE -> true;
            default -> false;
        };
    }
}
