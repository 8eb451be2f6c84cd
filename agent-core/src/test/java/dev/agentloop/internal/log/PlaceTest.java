package dev.agentloop.internal.log;

import static org.assertj.core.api.Assertions.assertThat;

import dev.agentloop.internal.prompt.ItemTable;
import java.lang.reflect.Field;
import java.lang.reflect.Modifier;
import java.util.Set;
import java.util.TreeSet;
import org.junit.jupiter.api.Test;

/** Each kind of entry is in the list of places where words can stand, or is known to say none. */
class PlaceTest {
    private static final Set<String> NO_KINDS =
            Set.of(Entry.STATE, Entry.ROLES, Entry.SERVER, Entry.COMPACTION_UNDONE, ItemTable.VERSIONS);

    private static final Set<String> WITHOUT_WORDS = Set.of(
            Entry.CONVERSATION,
            Entry.EPOCH,
            Entry.FORK,
            Entry.TURN_BEGUN,
            Entry.CALL_RENAMED,
            Entry.TOOL_STARTED,
            Entry.RESPONSE,
            Entry.RULE_REVOKED,
            Entry.SEALED,
            Entry.REDACTED,
            Entry.ERASED,
            Entry.INBOX_TAKEN,
            Entry.UNPIN,
            Entry.COMPACTION_BEGUN);

    @Test
    void eachKindOfEntry_isInTheListOrSaysNothing() throws IllegalAccessException {
        Set<String> undecided = new TreeSet<>();
        int kinds = 0;
        for (Field field : Entry.class.getDeclaredFields()) {
            if (Modifier.isStatic(field.getModifiers()) && field.getType() == String.class) {
                String kind = (String) field.get(null);
                if (!NO_KINDS.contains(kind)) {
                    kinds++;
                    boolean silent = WITHOUT_WORDS.contains(kind);
                    boolean listed = Place.of(kind) != Place.NOWHERE;
                    if (silent == listed) {
                        undecided.add(kind);
                    }
                }
            }
        }
        assertThat(undecided)
                .as(
                        "say in Place what is left of an entry of this kind when an item is erased, or here that it has no words")
                .isEmpty();
        assertThat(kinds).isGreaterThan(25);
    }
}
