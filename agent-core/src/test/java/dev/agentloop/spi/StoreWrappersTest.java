package dev.agentloop.spi;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.agentloop.internal.control.HostStore;
import dev.agentloop.stores.MemoryStore;
import java.lang.reflect.Method;
import java.lang.reflect.Modifier;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** What stands before a store hands on all of it: a method that falls back to the default loses what the store does better. */
class StoreWrappersTest {
    private static final String ID = "0199a000-0000-7000-8000-000000000001";

    @ParameterizedTest
    @ValueSource(classes = {ForwardingStore.class, HostStore.class})
    void wrapper_handsOnEachMethod(Class<?> wrapper) {
        List<String> forgotten = new ArrayList<>();
        for (Method method : ConversationStore.class.getMethods()) {
            boolean own = Arrays.stream(wrapper.getDeclaredMethods())
                    .anyMatch(one -> one.getName().equals(method.getName())
                            && Arrays.equals(one.getParameterTypes(), method.getParameterTypes()));
            if (!Modifier.isStatic(method.getModifiers()) && !own) {
                forgotten.add(method.getName());
            }
        }
        assertThat(forgotten).isEmpty();
    }

    @Test
    void identity_ofAWrapper_isTheOneOfItsStore() {
        MemoryStore store = new MemoryStore();
        ConversationStore wrapped = new ForwardingStore(new ForwardingStore(store) {}) {};
        assertThat(wrapped.identity()).isSameAs(store).isEqualTo(new HostStore(wrapped).identity());
        assertThat(new MemoryStore().identity()).isNotEqualTo(store.identity());
    }

    /** A store whose streams fail after their first entry, or give null there. */
    private static final class Breaking extends ForwardingStore {
        private final AtomicInteger closed = new AtomicInteger();
        private final boolean nulls;

        Breaking(ConversationStore store, boolean nulls) {
            super(store);
            this.nulls = nulls;
        }

        @Override
        public Stream<LogEntry> stream(String conversation, long after) {
            return super.stream(conversation, after)
                    .map(entry -> entry.version() == 1 ? entry : broken())
                    .onClose(closed::incrementAndGet);
        }

        private LogEntry broken() {
            if (nulls) {
                return nothing();
            }
            throw new IllegalMonitorStateException("odd");
        }

        @SuppressWarnings("NullAway")
        private static LogEntry nothing() {
            return null;
        }
    }

    @ParameterizedTest
    @ValueSource(booleans = {true, false})
    void streamThatBreaks_isAStoreThatIsUnavailable_andIsClosed(boolean nulls) {
        MemoryStore store = new MemoryStore();
        LogEntry first = LogEntry.after(LogPosition.START, "test", 0, 0, "{}".getBytes(StandardCharsets.UTF_8));
        LogEntry second = LogEntry.after(first.position(), "test", 0, 0, "{}".getBytes(StandardCharsets.UTF_8));
        store.append(ID, LogPosition.START, List.of(first, second));
        Breaking breaking = new Breaking(store, nulls);
        List<LogEntry> seen = new ArrayList<>();
        try (Stream<LogEntry> entries = new HostStore(breaking).stream(ID, 0)) {
            assertThatThrownBy(() -> entries.forEach(seen::add))
                    .isInstanceOfSatisfying(
                            StoreException.class, e -> assertThat(e.kind()).isEqualTo(StoreException.Kind.UNAVAILABLE))
                    .hasMessageContaining("stream of conversation " + ID);
        }
        assertThat(seen).containsExactly(first);
        assertThat(breaking.closed).hasValue(1);
    }
}
