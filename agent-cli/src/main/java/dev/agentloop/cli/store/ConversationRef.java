package dev.agentloop.cli.store;

import dev.agentloop.cli.terminal.TerminalText;
import dev.agentloop.cli.terminal.UsageException;
import dev.agentloop.spi.ConversationStore;
import java.util.List;
import java.util.Locale;

/** Which conversation a command line means: by its id, by the beginning of it, or as the newest one. */
public final class ConversationRef {
    /** The newest conversation. */
    public static final String LAST = "last";

    /** Behind all ids that begin with what it is laid over. */
    private static final String HIGHEST = "ffffffff-ffff-ffff-ffff-ffffffffffff";

    private static final int SHOWN = 5;

    private ConversationRef() {}

    /**
     * The id of the conversation that is meant.
     *
     * @throws UsageException if it is none, or several
     */
    public static String resolve(ConversationStore store, StorePlace place, String ref) {
        List<String> found = ref.equals(LAST) ? newest(store, "", 1) : beginningWith(store, ref);
        if (found.isEmpty()) {
            throw new UsageException(
                    "there is no conversation " + (ref.equals(LAST) ? "" : TerminalText.line(ref) + " ") + "in "
                            + place.shown() + "; name the place that has it with --store");
        }
        if (found.size() > 1) {
            throw new UsageException("several conversations begin with " + ref + ": "
                    + String.join(", ", found.subList(0, Math.min(SHOWN, found.size())))
                    + (found.size() > SHOWN ? " and more" : "") + "; give more of the id");
        }
        return found.get(0);
    }

    private static List<String> beginningWith(ConversationStore store, String ref) {
        String start = ref.toLowerCase(Locale.ROOT);
        if (start.isEmpty() || start.length() > HIGHEST.length() || !fits(start)) {
            throw new UsageException("a conversation's id is a UUID, and can be cut short, or is " + LAST + ": \""
                    + TerminalText.line(ref) + "\" is neither");
        }
        if (start.length() == HIGHEST.length()) {
            return store.head(start).isPresent() ? List.of(start) : List.of();
        }
        // Ids sort by age, so those that begin alike lie side by side.
        return newest(store, start + HIGHEST.substring(start.length()), SHOWN + 1).stream()
                .filter(id -> id.startsWith(start))
                .toList();
    }

    private static boolean fits(String start) {
        for (int i = 0; i < start.length(); i++) {
            char c = start.charAt(i);
            boolean dash = HIGHEST.charAt(i) == '-';
            if (dash ? c != '-' : Character.digit(c, 16) < 0) {
                return false;
            }
        }
        return true;
    }

    private static List<String> newest(ConversationStore store, String before, int most) {
        return store.list(before, most).stream()
                .map(ConversationStore.Listed::conversation)
                .toList();
    }
}
