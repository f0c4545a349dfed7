package io.streamlocks.coordinator.log;

import java.util.Locale;

/**
 * Makes text from outside safe for a terminal or a log. Characters that are invisible, or that change other text, are
 * escaped. Otherwise the name of a stream could begin a line of its own, move the cursor, or reverse the direction of
 * the text.
 */
public final class Printable {

    private Printable() {}

    /**
     * Escapes control and format characters, line and paragraph separators, and lone surrogates, as {@code \}{@code
     * u202e}.
     */
    public static String of(String text) {
        return of(text, "");
    }

    /** Escapes the same characters, except those that are kept. */
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
                // JSON and Java escape the two halves of such a character separately.
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
