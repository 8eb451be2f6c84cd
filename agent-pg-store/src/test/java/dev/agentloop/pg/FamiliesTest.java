package dev.agentloop.pg;

import static dev.agentloop.pg.Logs.newId;
import static org.assertj.core.api.Assertions.assertThat;

import dev.agentloop.pg.embedded.EmbeddedPostgres;
import dev.agentloop.spi.ConversationStore;
import dev.agentloop.spi.LogEntry;
import dev.agentloop.spi.LogPosition;
import dev.agentloop.spi.StoreException;
import dev.agentloop.spi.StoreException.Kind;
import dev.agentloop.stores.MemoryStore;
import java.nio.charset.StandardCharsets;
import java.sql.SQLException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.TreeMap;
import java.util.stream.LongStream;
import org.junit.jupiter.api.Test;

/**
 * Random families of forks, in PostgreSQL, where they share rows, and in memory, where each has a list of its own: the same is in
 * both after each append, fork, erasure and deletion.
 */
class FamiliesTest {
    private static final int OPERATIONS = Integer.getInteger("agentloop.families.operations", 600);
    private static final int LOOK_EVERY = 25;
    private static final int MOST_CONVERSATIONS = 14;
    private static final List<String> KINDS = List.of("test", "test", "test", "aside.output.call");

    private final Random random;
    private final ConversationStore memory = new MemoryStore();
    private final List<String> ids = new ArrayList<>();

    FamiliesTest() {
        long seed = Long.getLong("agentloop.seed", System.nanoTime());
        System.out.println("FamiliesTest: -Dagentloop.seed=" + seed);
        this.random = new Random(seed);
    }

    @Test
    void randomFamilies_areTheSameAsInMemory() throws SQLException {
        try (EmbeddedPostgres server = Servers.newest();
                PgConversationStore store =
                        Servers.store(server).activity(Duration.ZERO).open()) {
            int erased = 0;
            for (int i = 0; i < OPERATIONS; i++) {
                switch (ids.isEmpty() ? 0 : random.nextInt(8)) {
                    case 0 -> begin(store);
                    case 1, 2, 3 -> append(store, any());
                    case 4, 5 -> fork(store, any());
                    case 6 -> erased += erase(store, any());
                    default -> delete(store, any());
                }
                if (i % LOOK_EVERY == 0 || i == OPERATIONS - 1) {
                    ids.forEach(id -> assertSame(store, id));
                    assertAnchorsSayNothing(server);
                }
            }
            assertThat(erased).as("what the test is about").isPositive();
        }
    }

    private String any() {
        return ids.get(random.nextInt(ids.size()));
    }

    private void begin(PgConversationStore store) {
        String id = newId();
        ids.add(id);
        append(store, id);
    }

    private void append(PgConversationStore store, String id) {
        LogPosition head = memory.head(id).orElse(LogPosition.START);
        long base = head.version() == 0
                ? 1
                : memory.read(id, head.version() - 1, 1).get(0).base();
        List<LogEntry> entries = new ArrayList<>();
        LogPosition last = head;
        for (int i = 0; i <= random.nextInt(4); i++) {
            base = random.nextInt(6) == 0 ? last.version() + 1 : base;
            byte[] payload = ("{\"n\":" + random.nextInt() + "}").getBytes(StandardCharsets.UTF_8);
            entries.add(LogEntry.after(last, KINDS.get(random.nextInt(KINDS.size())), 1, base, payload));
            last = entries.get(i).position();
        }
        memory.append(id, head, entries);
        assertThat(store.append(id, head, entries)).isEqualTo(last);
    }

    private void fork(PgConversationStore store, String source) {
        if (ids.size() >= MOST_CONVERSATIONS) {
            return;
        }
        LogPosition at = memory.read(source, version(source) - 1, 1).get(0).position();
        String fork = newId();
        memory.fork(source, at, fork);
        store.fork(source, at, fork);
        ids.add(fork);
    }

    private long version(String id) {
        return 1L + random.nextInt((int) memory.head(id).orElseThrow().version());
    }

    private int erase(PgConversationStore store, String id) {
        Map<Long, byte[]> marks = new TreeMap<>();
        for (int i = 0; i <= random.nextInt(4); i++) {
            marks.put(
                    version(id) + random.nextInt(20) / 19 * 100,
                    ("{\"mark\":" + random.nextInt() + "}").getBytes(StandardCharsets.UTF_8));
        }
        memory.erase(id, marks);
        store.erase(id, marks);
        return marks.size();
    }

    // Memory lets a source go that forks still have; there the rows must stay, and so both keep it.
    private void delete(PgConversationStore store, String id) {
        try {
            store.delete(id);
        } catch (StoreException e) {
            assertThat(e.kind()).isEqualTo(Kind.IN_USE);
            return;
        }
        memory.delete(id);
        ids.remove(id);
    }

    private void assertSame(PgConversationStore store, String id) {
        List<LogEntry> expected = memory.read(id, 0, Integer.MAX_VALUE);
        assertEqual(store.read(id, 0, Integer.MAX_VALUE), expected);
        assertEqual(store.load(id), withoutAside(memory.load(id)));
        LogPosition position = LogPosition.START;
        for (LogEntry entry : store.read(id, 0, Integer.MAX_VALUE)) {
            assertThat(entry.follows(position)).isTrue();
            position = entry.position();
        }
        for (long version = 0; version <= expected.size() + 1; version++) {
            int from = (int) Math.min(version, expected.size());
            assertEqual(store.loadAfter(id, version), withoutAside(expected.subList(from, expected.size())));
            assertEqual(store.read(id, version, 2), expected.subList(from, Math.min(from + 2, expected.size())));
            List<String> sharing = store.sharing(id, version);
            assertThat(sharing).doesNotHaveDuplicates();
            assertThat(new HashSet<>(sharing)).isEqualTo(new HashSet<>(memory.sharing(id, version)));
        }
    }

    private static List<LogEntry> withoutAside(List<LogEntry> entries) {
        return entries.stream().map(LogEntry::forFold).toList();
    }

    private static void assertEqual(List<LogEntry> actual, List<LogEntry> expected) {
        assertThat(actual).isEqualTo(expected);
        assertThat(actual)
                .allMatch(entry -> Arrays.equals(
                        entry.salt(),
                        expected.get((int) (entry.version() - expected.get(0).version()))
                                .salt()));
    }

    private static void assertAnchorsSayNothing(EmbeddedPostgres server) throws SQLException {
        assertThat(Logs.one(
                        server,
                        "SELECT count(*) FROM agent_entry WHERE anchor AND (salt IS NOT NULL OR payload IS NOT NULL)"))
                .isEqualTo("0");
    }

    /** Two that erase the same entries from both ends of a line of forks wait for each other, and neither is turned away. */
    @Test
    void erasuresOfTheSameEntries_atOnce_areAllDone() throws Exception {
        try (EmbeddedPostgres server = Servers.newest();
                PgConversationStore store =
                        Servers.store(server).activity(Duration.ZERO).open()) {
            for (int round = 0; round < 20; round++) {
                List<String> line = new ArrayList<>(List.of(newId()));
                Logs.append(store, line.get(0), 5);
                for (int i = 1; i < 4; i++) {
                    line.add(newId());
                    store.fork(line.get(i - 1), store.head(line.get(i - 1)).orElseThrow(), line.get(i));
                    Logs.append(store, line.get(i), 5);
                }
                List<Thread> threads = new ArrayList<>();
                List<RuntimeException> failed = new java.util.concurrent.CopyOnWriteArrayList<>();
                for (String id : List.of(line.get(3), line.get(3), line.get(2), line.get(1))) {
                    long last = store.head(id).orElseThrow().version();
                    long[] versions = LongStream.rangeClosed(1, last).toArray();
                    Thread thread = new Thread(() -> {
                        try {
                            store.erase(id, Logs.marks(versions));
                        } catch (RuntimeException e) {
                            failed.add(e);
                        }
                    });
                    threads.add(thread);
                    thread.start();
                }
                for (Thread thread : threads) {
                    thread.join();
                }
                assertThat(failed).isEmpty();
                assertThat(store.read(line.get(3), 0, 100)).hasSize(20).allMatch(LogEntry::isErased);
            }
        }
    }
}
