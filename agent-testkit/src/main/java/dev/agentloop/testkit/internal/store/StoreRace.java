package dev.agentloop.testkit.internal.store;

import static dev.agentloop.testkit.internal.store.StoredLogs.append;
import static dev.agentloop.testkit.internal.store.StoredLogs.entries;
import static dev.agentloop.testkit.internal.store.StoredLogs.newId;
import static dev.agentloop.testkit.internal.store.StoredLogs.numbers;
import static org.assertj.core.api.Assertions.assertThat;

import dev.agentloop.spi.ConversationStore;
import dev.agentloop.spi.InboxMessage;
import dev.agentloop.spi.LogEntry;
import dev.agentloop.spi.LogPosition;
import dev.agentloop.spi.StoreException;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.Callable;
import java.util.concurrent.CyclicBarrier;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import java.util.stream.IntStream;

/** Threads that use one conversation of a store at once, and what each of them was told. */
public record StoreRace(ConversationStore store, String conversation) {
    private static final int SECONDS = 100;

    /** Runs all the tasks at once, each on a thread of its own. */
    private static <T> List<T> atOnce(List<Callable<T>> tasks) throws Exception {
        ExecutorService threads = Executors.newFixedThreadPool(tasks.size());
        CyclicBarrier begin = new CyclicBarrier(tasks.size());
        try {
            List<Future<T>> futures = new ArrayList<>();
            for (Callable<T> task : tasks) {
                futures.add(threads.submit(() -> {
                    begin.await(SECONDS, TimeUnit.SECONDS);
                    return task.call();
                }));
            }
            List<T> results = new ArrayList<>();
            for (Future<T> future : futures) {
                results.add(future.get(SECONDS, TimeUnit.SECONDS));
            }
            return results;
        } finally {
            threads.shutdownNow();
        }
    }

    private static <T> List<T> atOnce(int count, Callable<T> task) throws Exception {
        return atOnce(IntStream.range(0, count).mapToObj(i -> task).toList());
    }

    /** The winning position of each round, in which two writers append behind the same position. */
    public List<LogPosition> duel(int rounds) throws Exception {
        List<LogPosition> winners = new ArrayList<>();
        for (int round = 0; round < rounds; round++) {
            LogPosition head = round == 0 ? LogPosition.START : winners.get(round - 1);
            List<LogPosition> won = atOnce(2, () -> tryAppend(head, entries(head, "{}"))).stream()
                    .filter(position -> position.version() > 0)
                    .toList();
            assertThat(won).as("winners of version %s", head.version() + 1).hasSize(1);
            winners.add(won.get(0));
        }
        return winners;
    }

    private LogPosition tryAppend(LogPosition head, List<LogEntry> entries) {
        try {
            return store.append(conversation, head, entries);
        } catch (StoreException e) {
            assertThat(e.kind()).as(e.getMessage()).isEqualTo(StoreException.Kind.CONFLICT);
            return LogPosition.START;
        }
    }

    /** Writers that append groups of entries, each behind whatever the log holds then; gives all payloads. */
    public List<String> appendGroups(int writers, int groups, int parts) throws Exception {
        List<Callable<List<String>>> tasks = IntStream.range(0, writers)
                .mapToObj(writer -> (Callable<List<String>>) () -> {
                    List<String> mine = new ArrayList<>();
                    for (int group = 0; group < groups; group++) {
                        mine.addAll(appendGroup("{\"writer\":" + writer + ",\"group\":" + group, parts));
                    }
                    return mine;
                })
                .toList();
        return atOnce(tasks).stream().flatMap(List::stream).toList();
    }

    private List<String> appendGroup(String name, int parts) {
        String[] payloads = IntStream.range(0, parts)
                .mapToObj(part -> name + ",\"part\":" + part + "}")
                .toArray(String[]::new);
        while (true) {
            LogPosition head = store.head(conversation).orElse(LogPosition.START);
            if (tryAppend(head, entries(head, payloads)).version() > 0) {
                return List.of(payloads);
            }
        }
    }

    /** What each of several senders of the very same append was told. */
    public List<LogPosition> sameAppend(int senders, LogPosition expected, List<LogEntry> entries) throws Exception {
        return atOnce(senders, () -> store.append(conversation, expected, entries));
    }

    /** One writer appends groups while readers read all there is, over and over. */
    public void readWhileAppending(int groups, int parts) throws Exception {
        Callable<String> writer = () -> {
            for (int group = 0; group < groups; group++) {
                append(store, conversation, numbers(1, parts));
            }
            return "written";
        };
        Callable<String> reader = () -> {
            int seen = 0;
            while (seen < groups * parts) {
                List<LogEntry> entries = store.read(conversation, 0, Integer.MAX_VALUE);
                assertThat(entries.size() % parts).as("whole appends only").isZero();
                assertThat(entries.size()).as("nothing goes away").isGreaterThanOrEqualTo(seen);
                LogPosition position = LogPosition.START;
                for (LogEntry entry : entries) {
                    assertThat(entry.follows(position)).isTrue();
                    position = entry.position();
                }
                seen = entries.size();
            }
            return "read";
        };
        atOnce(List.of(writer, reader, reader));
    }

    /** What each of several forks into one target was told: {@code forked}, or the kind of the refusal. */
    public List<String> forks(int count, LogPosition at, String target) throws Exception {
        return atOnce(count, () -> {
            try {
                store.fork(conversation, at, target);
                return "forked";
            } catch (StoreException e) {
                return e.kind().name();
            }
        });
    }

    /** Each of these stores is left another message of one id at once; gives its payload where it was the first, else "". */
    public static List<String> leave(List<ConversationStore> stores, String conversation, String id) throws Exception {
        List<Callable<String>> tasks = IntStream.range(0, stores.size())
                .mapToObj(i -> (Callable<String>) () -> {
                    String payload = "{\"sender\":" + i + "}";
                    byte[] bytes = payload.getBytes(StandardCharsets.UTF_8);
                    return stores.get(i).leave(conversation, InboxMessage.of(id, "test", bytes)) ? payload : "";
                })
                .toList();
        return atOnce(tasks);
    }

    /** Conversations that are written to at once, each by a thread of its own, entry by entry. */
    public static List<String> separately(ConversationStore store, int conversations, int entries) throws Exception {
        return atOnce(conversations, () -> {
            String id = newId();
            for (int i = 1; i <= entries; i++) {
                append(store, id, numbers(i, i));
            }
            return id;
        });
    }
}
