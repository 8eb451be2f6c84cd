package dev.agentloop.internal.log;

import dev.agentloop.internal.JsonFields;
import java.util.HashSet;
import java.util.Locale;
import java.util.Set;
import java.util.regex.Pattern;

/** The words of what is erased, to find those who quote it. */
final class Words {
    private static final Pattern BETWEEN = Pattern.compile("[^\\p{L}\\p{N}]+");
    private static final int SHORTEST = 3;

    private final Set<String> words = new HashSet<>();
    private boolean known;

    /** Adds all texts of a payload. */
    void add(byte[] payload) {
        known = true;
        add(JsonFields.of(payload));
    }

    private void add(JsonFields fields) {
        for (JsonFields.Field field : fields.all()) {
            String text = fields.text(field);
            JsonFields inner = text == null ? fields.inner(field) : null;
            if (text != null) {
                for (String word : BETWEEN.split(text.toLowerCase(Locale.ROOT))) {
                    words.add(word);
                }
            } else if (inner != null) {
                add(inner);
            }
        }
    }

    /** Whether a text may quote what is erased. In doubt it does: where the words are not known, or have no ends. */
    boolean mayBeIn(String text) {
        boolean plain = text.chars().allMatch(c -> c < 128);
        if (!known || !plain) {
            return true;
        }
        for (String word : BETWEEN.split(text.toLowerCase(Locale.ROOT))) {
            if (word.length() >= SHORTEST && words.contains(word)) {
                return true;
            }
        }
        return false;
    }
}
