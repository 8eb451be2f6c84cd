package dev.agentloop.testkit;

import java.util.ArrayList;
import java.util.List;

/** Cuts a text as a stream would. */
final class Pieces {
    private Pieces() {}

    /** Pieces of {@code size} characters, the last one shorter; none is cut within a character of two units. */
    static List<String> of(String text, int size) {
        List<String> pieces = new ArrayList<>(text.length() / size + 1);
        int from = 0;
        while (from < text.length()) {
            int to = Math.min(text.length(), from + size);
            if (to < text.length() && Character.isSurrogatePair(text.charAt(to - 1), text.charAt(to))) {
                to++;
            }
            pieces.add(text.substring(from, to));
            from = to;
        }
        return pieces;
    }
}
