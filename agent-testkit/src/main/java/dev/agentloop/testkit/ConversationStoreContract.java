package dev.agentloop.testkit;

import static dev.agentloop.testkit.internal.store.StoredLogs.all;
import static dev.agentloop.testkit.internal.store.StoredLogs.append;
import static dev.agentloop.testkit.internal.store.StoredLogs.assertSame;
import static dev.agentloop.testkit.internal.store.StoredLogs.entries;
import static dev.agentloop.testkit.internal.store.StoredLogs.newId;
import static dev.agentloop.testkit.internal.store.StoredLogs.numbers;
import static dev.agentloop.testkit.internal.store.StoredLogs.payloads;
import static dev.agentloop.testkit.internal.store.StoredLogs.refused;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.junit.jupiter.api.DynamicTest.dynamicTest;

import dev.agentloop.spi.ConversationStore;
import dev.agentloop.spi.ConversationStore.Listed;
import dev.agentloop.spi.InboxMessage;
import dev.agentloop.spi.LogEntry;
import dev.agentloop.spi.LogPosition;
import dev.agentloop.spi.StoreException;
import dev.agentloop.spi.StoreException.Kind;
import dev.agentloop.testkit.internal.store.StoredLogs;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.DynamicTest;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestFactory;
import org.junit.jupiter.api.Timeout;

/**
 * What every {@link ConversationStore} must do. A store's test extends this class and says how to open one.
 *
 * <pre>{@code
 * class MyStoreTest extends ConversationStoreContract {
 *     protected ConversationStore open() {
 *         return new MyStore(dataSource);
 *     }
 * }
 * }</pre>
 *
 * <p>The tests use ids of their own, so the storage may hold other conversations.
 */
@Timeout(120)
public abstract class ConversationStoreContract extends StoreRules {
    private static final byte[] MARK = "{\"mark\":true}".getBytes(StandardCharsets.UTF_8);
    private ConversationStore store;

    /** A suite; JUnit makes one for each test. */
    @SuppressWarnings("NullAway.Init") // Before each test, JUnit has the store opened.
    protected ConversationStoreContract() {}

    /** Opens a store on this test's storage; called again after a store was closed. */
    protected abstract ConversationStore open() throws Exception;

    /**
     * Closes a store and opens another one on the same storage. A store that keeps nothing beyond its own life gives back
     * the one that it was given.
     */
    protected ConversationStore reopen(ConversationStore old) throws Exception {
        old.close();
        return open();
    }

    /**
     * Another store on the storage of {@code first}, which stays open; closed by the test. A store that keeps nothing beyond
     * its own life gives back the one that it was given.
     */
    protected ConversationStore beside(ConversationStore first) throws Exception {
        return open();
    }

    /** The store under test. */
    @Override
    protected final ConversationStore store() {
        return store;
    }

    @BeforeEach
    void openStore() throws Exception {
        store = open();
    }

    @AfterEach
    void closeStore() {
        store.close();
    }

    @Override
    final void reopen() throws Exception {
        store = reopen(store);
    }

    @Override
    final ConversationStore beside() throws Exception {
        return beside(store);
    }

    /* --- append --- */

    @Test
    void append_toANewConversation_movesTheHead() {
        String id = newId();
        assertThat(store.head(id)).isEmpty();
        List<LogEntry> entries = entries(LogPosition.START, numbers(1, 1));
        LogPosition position = store.append(id, LogPosition.START, entries);
        assertThat(position).isEqualTo(entries.get(0).position());
        assertThat(store.head(id)).contains(position);
        assertSame(store.read(id, 0, 10), entries);
    }

    @Test
    void append_ofSeveralEntries_keepsTheirOrder() {
        String id = newId();
        append(store, id, numbers(1, 3));
        LogPosition head = append(store, id, numbers(4, 200));
        assertThat(head.version()).isEqualTo(200);
        assertThat(payloads(store, id)).containsExactly(numbers(1, 200));
    }

    @Test
    void append_behindAStalePosition_isAConflictThatNamesBoth() {
        String id = newId();
        LogPosition first = append(store, id, numbers(1, 1));
        append(store, id, numbers(2, 3));
        StoreException conflict = refused(Kind.CONFLICT, () -> store.append(id, first, entries(first, numbers(9, 9))));
        assertThat(conflict).hasMessageContaining(id).hasMessageContaining("3").hasMessageContaining("1");
        assertThat(payloads(store, id)).containsExactly(numbers(1, 3));
    }

    @Test
    void append_toAnExistingConversationAsIfItWereNew_isAConflict() {
        String id = newId();
        append(store, id, numbers(1, 1));
        refused(Kind.CONFLICT, () -> store.append(id, LogPosition.START, entries(LogPosition.START, numbers(9, 9))));
        assertThat(payloads(store, id)).containsExactly(numbers(1, 1));
    }

    @Test
    void append_behindAVersionThatIsNotThere_isAConflict() {
        String id = newId();
        append(store, id, numbers(1, 2));
        LogPosition tooHigh = new LogPosition(3, "0".repeat(64));
        refused(Kind.CONFLICT, () -> store.append(id, tooHigh, entries(tooHigh, numbers(9, 9))));
        assertThat(payloads(store, id)).containsExactly(numbers(1, 2));
    }

    @Test
    void append_behindTheRightVersionOfAnotherHistory_isAConflict() {
        String id = newId();
        append(store, id, numbers(1, 2));
        LogPosition other = entries(LogPosition.START, numbers(1, 2)).get(1).position();
        refused(Kind.CONFLICT, () -> store.append(id, other, entries(other, numbers(3, 3))));
        assertThat(payloads(store, id)).containsExactly(numbers(1, 2));
    }

    @Test
    void append_toAConversationThatIsNotThere_isAConflictAndMakesNone() {
        String id = newId();
        LogPosition invented = entries(LogPosition.START, numbers(1, 1)).get(0).position();
        refused(Kind.CONFLICT, () -> store.append(id, invented, entries(invented, numbers(2, 2))));
        assertThat(store.head(id)).isEmpty();
        assertThat(store.read(id, 0, 10)).isEmpty();
    }

    @Test
    void append_whoseEntriesDoNotFollow_isRefusedWhole() {
        String id = newId();
        LogPosition head = append(store, id, numbers(1, 1));
        List<LogEntry> good = entries(head, numbers(2, 4));
        LogEntry changed = StoredLogs.withPayload(good.get(1), "{\"n\":-3}");
        List<List<LogEntry>> bad = List.of(
                List.of(),
                List.of(good.get(0), good.get(2)),
                List.of(good.get(1)),
                List.of(good.get(0), changed, good.get(2)));
        for (List<LogEntry> entries : bad) {
            assertThatThrownBy(() -> store.append(id, head, entries)).isInstanceOf(IllegalArgumentException.class);
        }
        assertThat(payloads(store, id)).containsExactly(numbers(1, 1));
    }

    /* --- sending an append again --- */

    @Test
    void append_sentAgain_changesNothing() {
        String id = newId();
        LogPosition head = append(store, id, numbers(1, 2));
        List<LogEntry> entries = entries(head, numbers(3, 5));
        LogPosition after = store.append(id, head, entries);
        assertThat(store.append(id, head, entries)).isEqualTo(after);
        LogPosition later = append(store, id, numbers(6, 6));
        assertThat(store.append(id, head, entries))
                .as("where the log stands now")
                .isEqualTo(later);
        assertThat(payloads(store, id)).containsExactly(numbers(1, 6));
    }

    @Test
    void append_sentAgainAfterReopening_changesNothing() throws Exception {
        String id = newId();
        List<LogEntry> entries = entries(LogPosition.START, numbers(1, 3));
        LogPosition after = store.append(id, LogPosition.START, entries);
        reopen();
        assertThat(store.append(id, LogPosition.START, entries)).isEqualTo(after);
        assertThat(payloads(store, id)).containsExactly(numbers(1, 3));
    }

    @Test
    void append_ofTheSameContentsByAnotherWriter_isAConflict() {
        String id = newId();
        store.append(id, LogPosition.START, entries(LogPosition.START, numbers(1, 2)));
        refused(Kind.CONFLICT, () -> store.append(id, LogPosition.START, entries(LogPosition.START, numbers(1, 2))));
    }

    @Test
    void append_ofWhichOnlyTheBeginningIsThere_isAConflict() {
        String id = newId();
        List<LogEntry> entries = entries(LogPosition.START, numbers(1, 3));
        store.append(id, LogPosition.START, entries.subList(0, 2));
        refused(Kind.CONFLICT, () -> store.append(id, LogPosition.START, entries));
        assertThat(payloads(store, id)).containsExactly(numbers(1, 2));
    }

    /* --- bytes --- */

    @TestFactory
    Stream<DynamicTest> payload_comesBackByteForByte() {
        return StoredLogs.payloads().stream()
                .map(payload -> dynamicTest(
                        payload.length() > 60 ? payload.substring(0, 60) + "… (" + payload.length() + ")" : payload,
                        () -> comesBack(payload)));
    }

    private void comesBack(String payload) throws Exception {
        String id = newId();
        List<LogEntry> entries = entries(LogPosition.START, "{\"before\":1}", payload, "{\"behind\":1}");
        store.append(id, LogPosition.START, entries);
        assertSame(store.read(id, 0, 10), entries);
        reopen();
        assertSame(store.read(id, 0, 10), entries);
        LogPosition head = entries.get(2).position();
        store.append(id, head, entries(head, "{\"after\":1}"));
        assertThat(all(store, id)).hasSize(4);
    }

    @Test
    void allFields_comeBack() throws Exception {
        String id = newId();
        LogEntry first = LogEntry.after(LogPosition.START, "epoch.window", 0, 1, new byte[] {'1'});
        LogEntry second = LogEntry.after(
                first.position(), "x-\"odd\" \\ kind \u00fc \ud83d\ude00", Long.MAX_VALUE, 2, new byte[] {'2'});
        LogEntry third = LogEntry.after(second.position(), "", 2, Long.MAX_VALUE, new byte[] {'3'});
        List<LogEntry> entries = List.of(first, second, third);
        store.append(id, LogPosition.START, entries);
        assertSame(all(store, id), entries);
        reopen();
        assertSame(all(store, id), entries);
    }

    @Test
    void erasedPayload_staysInTheChain() throws Exception {
        String id = newId();
        List<LogEntry> written = entries(LogPosition.START, numbers(1, 3));
        List<LogEntry> entries = List.of(written.get(0), written.get(1).erased(MARK), written.get(2));
        store.append(id, LogPosition.START, entries);
        assertSame(all(store, id), entries);
        reopen();
        assertSame(all(store, id), entries);
        LogEntry erased = store.read(id, 1, 1).get(0);
        assertThat(erased.content()).isEqualTo(MARK);
        assertThat(append(store, id, numbers(4, 4)).version()).isEqualTo(4);
    }

    /* --- read --- */

    @Test
    void read_inPages_givesEachEntryOnce() {
        String id = newId();
        append(store, id, numbers(1, 57));
        List<LogEntry> whole = all(store, id);
        for (int size : new int[] {1, 7, 56, 57, 58}) {
            List<LogEntry> pages = new ArrayList<>();
            List<LogEntry> page;
            do {
                page = store.read(id, pages.size(), size);
                assertThat(page).hasSizeLessThanOrEqualTo(size);
                pages.addAll(page);
            } while (page.size() == size);
            assertSame(pages, whole);
        }
    }

    @Test
    void read_behindTheEndOrOfNothing_isEmpty() {
        String id = newId();
        append(store, id, numbers(1, 3));
        assertThat(store.read(id, 3, 10)).isEmpty();
        assertThat(store.read(id, 1_000_000, 10)).isEmpty();
        assertThat(store.read(newId(), 0, 10)).isEmpty();
        assertThat(store.read(id, 2, Integer.MAX_VALUE)).hasSize(1);
    }

    @Test
    void everything_isThereAfterReopening() throws Exception {
        String id = newId();
        append(store, id, numbers(1, 5));
        append(store, id, numbers(6, 6));
        List<LogEntry> before = all(store, id);
        reopen();
        assertSame(all(store, id), before);
        assertThat(append(store, id, numbers(7, 7)).version()).isEqualTo(7);
        assertThat(payloads(store, id)).containsExactly(numbers(1, 7));
    }

    /* --- fork --- */

    @Test
    void fork_hasTheHistoryUpToThere() throws Exception {
        String source = newId();
        append(store, source, numbers(1, 2));
        append(store, source, numbers(3, 6));
        List<LogEntry> entries = all(store, source);
        for (int version : new int[] {1, 2, 4, 6}) {
            String fork = newId();
            LogPosition at = entries.get(version - 1).position();
            store.fork(source, at, fork);
            assertThat(store.head(fork)).contains(at);
            assertSame(all(store, fork), entries.subList(0, version));
            reopen();
            assertSame(all(store, fork), entries.subList(0, version));
        }
    }

    @Test
    void fork_andItsSource_goOnApart() {
        String source = newId();
        LogPosition at = append(store, source, numbers(1, 2));
        String fork = newId();
        store.fork(source, at, fork);
        append(store, source, numbers(3, 4));
        append(store, fork, numbers(30, 30));
        String second = newId();
        store.fork(fork, store.head(fork).orElseThrow(), second);
        deletedOrInUse(source, numbers(1, 4));
        assertThat(payloads(store, fork)).containsExactly("{\"n\":1}", "{\"n\":2}", "{\"n\":30}");
        deletedOrInUse(fork, "{\"n\":1}", "{\"n\":2}", "{\"n\":30}");
        assertThat(payloads(store, second)).containsExactly("{\"n\":1}", "{\"n\":2}", "{\"n\":30}");
        for (String id : List.of(second, fork, source)) {
            store.delete(id);
            assertThat(store.head(id)).isEmpty();
        }
    }

    private void deletedOrInUse(String id, String... payloads) {
        try {
            store.delete(id);
            assertThat(store.head(id)).isEmpty();
        } catch (StoreException e) {
            assertThat(e.kind()).as(e.getMessage()).isEqualTo(Kind.IN_USE);
            assertThat(e).hasMessageContaining(id);
            assertThat(payloads(store, id)).containsExactly(payloads);
        }
    }

    @Test
    void fork_ofWhatIsNotThere_isNotFound() {
        String source = newId();
        LogPosition head = append(store, source, numbers(1, 2));
        String fork = newId();
        LogPosition other = entries(LogPosition.START, numbers(1, 2)).get(1).position();
        refused(Kind.NOT_FOUND, () -> store.fork(source, other, fork));
        refused(Kind.NOT_FOUND, () -> store.fork(source, new LogPosition(3, head.hash()), fork));
        refused(Kind.NOT_FOUND, () -> store.fork(source, LogPosition.START, fork));
        refused(Kind.NOT_FOUND, () -> store.fork(newId(), head, fork));
        assertThat(store.head(fork)).isEmpty();
    }

    @Test
    void fork_intoAConversationThatExists_isRefused() {
        String source = newId();
        LogPosition head = append(store, source, numbers(1, 2));
        String target = newId();
        append(store, target, numbers(7, 7));
        refused(Kind.EXISTS, () -> store.fork(source, head, target));
        refused(Kind.EXISTS, () -> store.fork(source, head, source));
        assertThat(payloads(store, target)).containsExactly(numbers(7, 7));
        assertThat(payloads(store, source)).containsExactly(numbers(1, 2));
    }

    /* --- list and delete --- */

    @Test
    void list_givesTheYoungestFirst() {
        Instant before = Instant.now();
        List<String> ids = new ArrayList<>();
        for (int i = 1; i <= 5; i++) {
            String id = newId();
            append(store, id, numbers(1, i));
            ids.add(0, id);
        }
        List<Listed> listed = store.list("", 5);
        assertThat(listed).extracting(Listed::conversation).containsExactlyElementsOf(ids);
        assertThat(listed).extracting(summary -> summary.head().version()).containsExactly(5L, 4L, 3L, 2L, 1L);
        assertThat(listed).allSatisfy(summary -> {
            assertThat(store.head(summary.conversation())).contains(summary.head());
            assertThat(summary.changed()).isBetween(before.minus(Duration.ofMinutes(5)), before.plusSeconds(300));
        });
        assertThat(store.list(ids.get(1), 2)).extracting(Listed::conversation).containsExactly(ids.get(2), ids.get(3));
        assertThat(store.list("", 2)).hasSize(2);
    }

    @Test
    void list_isInTheOrderOfTheIdsWhateverWasAppendedToLast() {
        String older = newId();
        String younger = newId();
        append(store, younger, numbers(1, 1));
        append(store, older, numbers(1, 1));
        append(store, older, numbers(2, 2));
        assertThat(store.list("", 2)).extracting(Listed::conversation).containsExactly(younger, older);
    }

    @Test
    void delete_leavesNothing() throws Exception {
        String id = newId();
        LogPosition head = append(store, id, numbers(1, 3));
        store.delete(id);
        store.delete(id);
        assertThat(store.head(id)).isEmpty();
        assertThat(store.read(id, 0, 10)).isEmpty();
        assertThat(store.list("", 10)).extracting(Listed::conversation).doesNotContain(id);
        refused(Kind.CONFLICT, () -> store.append(id, head, entries(head, numbers(4, 4))));
        refused(Kind.NOT_FOUND, () -> store.fork(id, head, newId()));
        reopen();
        assertThat(store.head(id)).isEmpty();
        append(store, id, numbers(7, 7));
        assertThat(payloads(store, id)).containsExactly(numbers(7, 7));
    }

    /* --- ids --- */

    @TestFactory
    Stream<DynamicTest> id_thatIsNone_isRefusedEverywhere() {
        String good = newId();
        return StoredLogs.noIds(good).stream().map(id -> dynamicTest("\"" + id + "\"", () -> isRefused(id, good)));
    }

    private void isRefused(String id, String good) {
        LogPosition somewhere = entries(LogPosition.START, "{}").get(0).position();
        List<Runnable> uses = List.of(
                () -> store.append(id, LogPosition.START, entries(LogPosition.START, "{}")),
                () -> store.read(id, 0, 1),
                () -> store.head(id),
                () -> store.fork(id, somewhere, good),
                () -> store.fork(good, somewhere, id),
                () -> store.delete(id),
                () -> store.load(id),
                () -> store.erase(id, Map.of(1L, MARK)),
                () -> store.sharing(id, 1),
                () -> store.leave(id, InboxMessage.of("a", "test", new byte[] {'1'})),
                () -> store.inbox(id),
                () -> store.removeMessages(id, List.of("a")));
        for (Runnable use : uses) {
            assertThatThrownBy(use::run).isInstanceOf(IllegalArgumentException.class);
        }
    }
}
