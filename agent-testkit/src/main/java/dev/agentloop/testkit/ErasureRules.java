package dev.agentloop.testkit;

import static dev.agentloop.testkit.internal.store.StoredLogs.all;
import static dev.agentloop.testkit.internal.store.StoredLogs.append;
import static dev.agentloop.testkit.internal.store.StoredLogs.assertSame;
import static dev.agentloop.testkit.internal.store.StoredLogs.newId;
import static dev.agentloop.testkit.internal.store.StoredLogs.numbers;
import static dev.agentloop.testkit.internal.store.StoredLogs.payloads;
import static org.assertj.core.api.Assertions.assertThat;

import dev.agentloop.spi.ConversationStore;
import dev.agentloop.spi.LogEntry;
import dev.agentloop.testkit.internal.store.StoredLogs;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Set;
import org.junit.jupiter.api.Test;

/** Erased entries, and those that share them: the second part of {@link ConversationStoreContract}. */
abstract class ErasureRules {

    /** The store under test. */
    abstract ConversationStore store();

    /** Closes the store under test and opens another one on its storage. */
    abstract void reopen() throws Exception;

    /** Another store on the storage of the one under test, which stays open; that one itself if there can be no other. */
    abstract ConversationStore beside() throws Exception;

    private static byte[] mark(String text) {
        return ("{\"mark\":\"" + text + "\"}").getBytes(StandardCharsets.UTF_8);
    }

    private static Map<Long, byte[]> marks(String text, long... versions) {
        Map<Long, byte[]> marks = new HashMap<>();
        for (long version : versions) {
            marks.put(version, mark(text + version));
        }
        return marks;
    }

    private static List<LogEntry> with(List<LogEntry> entries, String text, Long... versions) {
        return entries.stream()
                .map(entry -> List.of(versions).contains(entry.version())
                        ? entry.erased(mark(text + entry.version()))
                        : entry)
                .toList();
    }

    @Test
    void erase_takesPayloadAndSaltAndLeavesTheChain() throws Exception {
        String id = newId();
        append(store(), id, numbers(1, 6));
        List<LogEntry> erased = with(all(store(), id), "e", 2L, 3L, 6L);
        store().erase(id, marks("e", 2, 3, 6));
        assertSame(all(store(), id), erased);
        assertSame(store().load(id), erased);
        assertThat(store().read(id, 1, 1).get(0).content()).isEqualTo(mark("e2"));
        reopen();
        assertSame(all(store(), id), erased);
        append(store(), id, numbers(7, 7));
        assertThat(all(store(), id)).hasSize(7);
        store().erase(id, marks("f", 7, 1));
        reopen();
        assertThat(all(store(), id)).filteredOn(LogEntry::isErased).hasSize(5);
    }

    @Test
    void marks_comeBackByteForByte() throws Exception {
        String id = newId();
        List<String> texts = StoredLogs.payloads();
        String[] all = numbers(1, texts.size());
        append(store(), id, all);
        List<LogEntry> written = all(store(), id);
        Map<Long, byte[]> marks = new HashMap<>();
        List<LogEntry> expected = new ArrayList<>();
        for (LogEntry entry : written) {
            byte[] mark = texts.get((int) entry.version() - 1).getBytes(StandardCharsets.UTF_8);
            marks.put(entry.version(), mark);
            expected.add(entry.erased(mark));
        }
        store().erase(id, marks);
        assertSame(all(store(), id), expected);
        reopen();
        assertSame(all(store(), id), expected);
        assertThat(append(store(), id, "{}").version()).isEqualTo(texts.size() + 1);
    }

    @Test
    void erase_again_putsTheNewMarkInPlaceOfTheOld() throws Exception {
        String source = newId();
        append(store(), source, numbers(1, 3));
        List<LogEntry> written = all(store(), source);
        String fork = newId();
        store().fork(source, written.get(1).position(), fork);
        store().erase(source, marks("first", 1, 2));
        store().erase(fork, marks("second", 2));
        for (int round = 0; round < 2; round++) {
            List<LogEntry> expected = with(with(written, "first", 1L), "second", 2L);
            assertSame(all(store(), source), expected);
            assertSame(all(store(), fork), expected.subList(0, 2));
            reopen();
        }
    }

    @Test
    void erase_ofWhatIsNotThere_changesNothing() throws Exception {
        String id = newId();
        String other = newId();
        append(store(), id, numbers(1, 3));
        append(store(), other, numbers(1, 3));
        store().erase(id, marks("first", 2));
        List<LogEntry> erased = all(store(), id);
        store().erase(id, marks("first", 2, 4, 0, -1, Long.MAX_VALUE));
        store().erase(id, Map.of());
        store().erase(newId(), marks("nobody", 1));
        assertSame(all(store(), id), erased);
        reopen();
        assertSame(all(store(), id), erased);
        assertThat(payloads(store(), other)).containsExactly(numbers(1, 3));
    }

    /** A source of six entries; a fork at 4 with two of its own, a fork of that at 5, one at 2, and a stranger. */
    private Map<String, String> family() {
        Map<String, String> ids = new HashMap<>();
        for (String name : List.of("source", "fork", "forkOfFork", "early", "stranger")) {
            ids.put(name, newId());
        }
        append(store(), of(ids, "source"), numbers(1, 6));
        append(store(), of(ids, "stranger"), numbers(1, 6));
        fork(of(ids, "source"), 4, of(ids, "fork"));
        append(store(), of(ids, "fork"), numbers(50, 51));
        fork(of(ids, "fork"), 5, of(ids, "forkOfFork"));
        append(store(), of(ids, "forkOfFork"), numbers(500, 500));
        fork(of(ids, "source"), 2, of(ids, "early"));
        append(store(), of(ids, "early"), numbers(30, 33));
        return ids;
    }

    private static <T> T of(Map<String, T> known, String key) {
        return Objects.requireNonNull(known.get(key));
    }

    private void fork(String source, int version, String target) {
        store().fork(source, all(store(), source).get(version - 1).position(), target);
    }

    private static Set<String> ids(Map<String, String> family, String... names) {
        Set<String> ids = new HashSet<>();
        for (String name : names) {
            ids.add(of(family, name));
        }
        return ids;
    }

    private Set<String> sharing(Map<String, String> family, String name, long version) {
        List<String> sharing = store().sharing(of(family, name), version);
        assertThat(sharing).doesNotHaveDuplicates();
        return new HashSet<>(sharing);
    }

    @Test
    void sharing_namesThoseThatHaveTheEntry() throws Exception {
        Map<String, String> family = family();
        for (int round = 0; round < 2; round++) {
            Set<String> all = ids(family, "source", "fork", "forkOfFork", "early");
            for (String name : List.of("source", "fork", "forkOfFork", "early")) {
                assertThat(sharing(family, name, 1)).isEqualTo(all);
                assertThat(sharing(family, name, 2)).isEqualTo(all);
            }
            Set<String> later = ids(family, "source", "fork", "forkOfFork");
            for (String name : List.of("source", "fork", "forkOfFork")) {
                assertThat(sharing(family, name, 3)).isEqualTo(later);
                assertThat(sharing(family, name, 4)).isEqualTo(later);
            }
            assertThat(sharing(family, "early", 3)).isEqualTo(ids(family, "early"));
            assertThat(sharing(family, "source", 5)).isEqualTo(ids(family, "source"));
            assertThat(sharing(family, "fork", 5)).isEqualTo(ids(family, "fork", "forkOfFork"));
            assertThat(sharing(family, "forkOfFork", 6)).isEqualTo(ids(family, "forkOfFork"));
            assertThat(sharing(family, "stranger", 1)).isEqualTo(ids(family, "stranger"));
            assertThat(sharing(family, "source", 7)).isEmpty();
            assertThat(sharing(family, "source", 0)).isEmpty();
            assertThat(store().sharing(newId(), 1)).isEmpty();
            ConversationStore beside = beside();
            assertThat(beside.sharing(of(family, "forkOfFork"), 4)).hasSize(3);
            if (beside != store()) {
                beside.close();
            }
            reopen();
        }
        store().delete(of(family, "early"));
        assertThat(sharing(family, "source", 1)).isEqualTo(ids(family, "source", "fork", "forkOfFork"));
        reopen();
        assertThat(sharing(family, "forkOfFork", 2)).isEqualTo(ids(family, "source", "fork", "forkOfFork"));
    }

    @Test
    void erase_ofASharedEntry_isInAllThatHaveIt() throws Exception {
        for (String by : List.of("source", "fork", "forkOfFork")) {
            for (long version = 1; version <= 5; version++) {
                Map<String, String> family = family();
                Map<String, List<LogEntry>> before = new HashMap<>();
                family.values().forEach(id -> before.put(id, all(store(), id)));
                LogEntry shared = of(before, of(family, by)).get((int) version - 1);
                Set<String> sharing = new HashSet<>(family.values());
                sharing.removeIf(id -> !of(before, id).contains(shared));
                store().erase(of(family, by), marks("m", version));
                for (String id : family.values()) {
                    List<LogEntry> expected =
                            sharing.contains(id) ? with(of(before, id), "m", version) : of(before, id);
                    assertSame(all(store(), id), expected);
                    assertSame(store().load(id), expected);
                }
                assertThat(sharing(family, by, version))
                        .as("erased, and shared")
                        .isEqualTo(sharing);
            }
        }
    }

    @Test
    void forkOfWhatIsErased_hasTheMarks() throws Exception {
        String source = newId();
        append(store(), source, numbers(1, 4));
        store().erase(source, marks("m", 1, 3));
        List<LogEntry> entries = all(store(), source);
        String fork = newId();
        store().fork(source, entries.get(2).position(), fork);
        assertSame(all(store(), fork), entries.subList(0, 3));
        append(store(), fork, numbers(40, 40));
        store().erase(source, marks("later", 2));
        reopen();
        List<LogEntry> expected = with(entries.subList(0, 3), "later", 2L);
        assertSame(all(store(), fork).subList(0, 3), expected);
        assertSame(all(store(), source).subList(0, 3), expected);
        assertThat(new HashSet<>(store().sharing(fork, 3))).isEqualTo(Set.of(source, fork));
    }
}
