package dev.agentloop.internal.log;

import static org.assertj.core.api.Assertions.assertThat;

import dev.agentloop.Item;
import dev.agentloop.PromptSettings;
import dev.agentloop.Toolbox;
import dev.agentloop.internal.control.HostStore;
import dev.agentloop.internal.setup.Setup;
import dev.agentloop.spi.ConversationStore;
import dev.agentloop.spi.ForwardingStore;
import dev.agentloop.spi.LogEntry;
import dev.agentloop.stores.MemoryStore;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import java.util.UUID;
import org.junit.jupiter.api.Test;

class LogCacheTest {
    private final Loads loads = new Loads(new MemoryStore());
    private final HostStore store = new HostStore(loads);

    /** A store that notes which logs are read whole. */
    private static final class Loads extends ForwardingStore {
        private final List<String> loaded = new ArrayList<>();

        Loads(ConversationStore store) {
            super(store);
        }

        @Override
        public List<LogEntry> load(String conversation) {
            loaded.add(conversation);
            return super.load(conversation);
        }
    }

    private static String id(int number) {
        return new UUID(0, number).toString();
    }

    /** A log of one message of so many bytes. */
    private Log log(int number, int bytes) {
        Log log = Log.begin(store, id(number));
        log.add(Entry.conversation(id(number), "now"));
        log.add(Entry.epoch(
                "begin",
                Setup.head(PromptSettings.of("m").build(), Toolbox.of(List.of()))
                        .json(),
                null));
        log.add(Entry.item(Entry.ITEM_USER, Item.user("x".repeat(bytes))));
        log.commit();
        return log;
    }

    private boolean holds(LogCache cache, int number) {
        loads.loaded.clear();
        cache.keep(cache.take(store, id(number)).orElseThrow());
        return loads.loaded.isEmpty();
    }

    @Test
    void theLogUsedLongestAgo_goesFirst() {
        LogCache cache = new LogCache(100_000, (from, id) -> false);
        for (int i = 0; i < 3; i++) {
            cache.keep(log(i, 8_000));
        }
        assertThat(cache.take(store, id(0))).hasValueSatisfying(cache::keep);
        assertThat(loads.loaded).isEmpty();
        cache.keep(log(3, 8_000));
        assertThat(holds(cache, 0)).isTrue();
        assertThat(holds(cache, 3)).isTrue();
        assertThat(holds(cache, 2)).isTrue();
        assertThat(holds(cache, 1)).as("used longest ago").isFalse();
    }

    @Test
    void logsOfAnySize_neverHoldMoreThanTheBound() {
        long seed = Long.getLong("cache.seed", System.nanoTime());
        Random random = new Random(seed);
        LogCache cache = new LogCache(1_000_000, (from, id) -> false);
        for (int i = 0; i < 300; i++) {
            int bytes = 1 << random.nextInt(19);
            cache.keep(log(i, bytes));
            assertThat(cache.bytes()).as("seed %d", seed).isBetween(0L, 1_000_000L);
            if (random.nextInt(3) == 0) {
                cache.take(store, id(random.nextInt(i + 1))).ifPresent(cache::keep);
            }
        }
        for (int i = 0; i < 300; i++) {
            cache.drop(store, id(i));
        }
        assertThat(cache.bytes()).as("what is left of nothing, seed %d", seed).isZero();
    }

    @Test
    void logHeavierThanTheBound_isNotKept_andDrivesNothingOut() {
        LogCache cache = new LogCache(100_000, (from, id) -> false);
        cache.keep(log(1, 1_000));
        cache.keep(log(2, 200_000));
        assertThat(holds(cache, 1)).isTrue();
        assertThat(holds(cache, 2)).isFalse();
    }

    @Test
    void logThatIsTaken_isThereForNobodyElse() {
        LogCache cache = new LogCache(1_000_000, (from, id) -> false);
        cache.keep(log(1, 10));
        Log first = cache.take(store, id(1)).orElseThrow();
        Log second = cache.take(store, id(1)).orElseThrow();
        assertThat(loads.loaded).containsExactly(id(1));
        assertThat(second.fold()).isNotSameAs(first.fold());
    }

    @Test
    void logWithWhatIsNotDurable_isNotKept() {
        LogCache cache = new LogCache(1_000_000, (from, id) -> false);
        Log log = log(1, 10);
        log.add(Entry.item(Entry.ITEM_USER, Item.user("not yet")));
        cache.keep(log);
        assertThat(holds(cache, 1)).isFalse();
        Log waiting = cache.take(store, id(1)).orElseThrow();
        waiting.then(() -> {});
        cache.keep(waiting);
        assertThat(holds(cache, 1)).isFalse();
        assertThat(cache.take(store, id(1)).orElseThrow().fold().prompt().size())
                .isEqualTo(1);
    }

    @Test
    void logBehindTheOneThatIsKept_doesNotTakeItsPlace() {
        LogCache cache = new LogCache(1_000_000, (from, id) -> false);
        log(1, 10);
        Log reader = cache.take(store, id(1)).orElseThrow();
        Log writer = cache.take(store, id(1)).orElseThrow();
        writer.add(Entry.item(Entry.ITEM_USER, Item.user("more")));
        writer.commit();
        cache.keep(writer);
        cache.keep(reader);
        assertThat(cache.take(store, id(1)).orElseThrow().fold()).isSameAs(writer.fold());
    }

    @Test
    void dropped_isReadAgain_andSoIsWhatWasInSomebodysHands() {
        LogCache cache = new LogCache(1_000_000, (from, id) -> false);
        cache.keep(log(1, 10));
        cache.keep(log(2, 10));
        Log taken = cache.take(store, id(2)).orElseThrow();
        cache.drop(store, id(1));
        cache.keep(taken);
        assertThat(holds(cache, 1)).isFalse();
        assertThat(holds(cache, 2)).isFalse();
        assertThat(holds(cache, 1)).as("read after it").isTrue();
    }

    @Test
    void changedInPlace_isReadAgain() {
        List<String> changed = new ArrayList<>();
        LogCache cache = new LogCache(1_000_000, (from, id) -> changed.contains(id));
        cache.keep(log(1, 10));
        cache.keep(log(2, 10));
        changed.add(id(1));
        assertThat(holds(cache, 1)).isFalse();
        assertThat(holds(cache, 2)).isTrue();
    }

    @Test
    void withoutBytes_nothingIsKept() {
        LogCache cache = new LogCache(0, (from, id) -> false);
        cache.keep(log(1, 10));
        assertThat(holds(cache, 1)).isFalse();
        assertThat(holds(cache, 1)).isFalse();
        assertThat(cache.bytes()).isZero();
    }
}
