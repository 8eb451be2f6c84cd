package dev.agentloop.examples.cli;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;

/** What went wrong and was told: one cause is told once, and what is said of it later names it only. Not thread-safe. */
final class Causes {
    private static final String ABOVE = "as said above";

    private final List<List<String>> told = new ArrayList<>();

    /** Forgets what was told: it stands too far above. */
    void forget() {
        told.clear();
    }

    /** Whether this was told; from now on it was. */
    boolean tell(String cause) {
        List<String> words = words(cause);
        boolean known = told.stream().anyMatch(before -> indexOf(words, before) >= 0);
        if (!known && !words.isEmpty()) {
            told.add(words);
        }
        return known;
    }

    /** The message without a cause that was told; all of it is told from now on. */
    String rest(String message) {
        List<String> words = words(message);
        for (List<String> before : told) {
            int at = indexOf(words, before);
            if (at >= 0) {
                String[] all = plain(message).split("\\s+");
                String head = String.join(" ", Arrays.copyOf(all, at));
                String tail = String.join(" ", Arrays.copyOfRange(all, at + before.size(), all.length));
                if (head.isEmpty() && !tail.isEmpty()) {
                    return tail;
                }
                return (head + " " + ABOVE + (tail.isEmpty() ? "" : ". " + tail)).strip();
            }
        }
        tell(message);
        return message;
    }

    // Numbers and the id of the request differ from one try to the next.
    private static List<String> words(String text) {
        return List.of(plain(text).replaceAll("\\d+", "#").split("\\s+"));
    }

    private static String plain(String text) {
        return text.strip().replaceAll("\\s*\\(request [^)]*\\)", "");
    }

    private static int indexOf(List<String> words, List<String> part) {
        for (int i = 0; i + part.size() <= words.size(); i++) {
            if (words.subList(i, i + part.size()).equals(part)) {
                return i;
            }
        }
        return -1;
    }
}
