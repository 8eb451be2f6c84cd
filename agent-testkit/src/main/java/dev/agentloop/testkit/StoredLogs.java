package dev.agentloop.testkit;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.catchThrowable;

import dev.agentloop.spi.ConversationStore;
import dev.agentloop.spi.LogEntry;
import dev.agentloop.spi.LogPosition;
import dev.agentloop.spi.StoreException;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.concurrent.atomic.AtomicLong;
import java.util.stream.IntStream;

/** What the tests of a store do over and over: make ids and entries, append, and look at what is there. */
final class StoredLogs {
    private static final AtomicLong LAST_ID = new AtomicLong();
    private static final int ALL = 1_000_000;

    private StoredLogs() {}

    /** An id that is younger than all before it, and that no other run of these tests has. */
    static String newId() {
        long millis = LAST_ID.updateAndGet(last -> Math.max(last + 1, System.currentTimeMillis()));
        String hex = String.format(Locale.ROOT, "%012x", millis);
        long random = java.util.concurrent.ThreadLocalRandom.current().nextLong(1L << 48);
        return hex.substring(0, 8) + "-" + hex.substring(8) + "-7000-8000-"
                + String.format(Locale.ROOT, "%012x", random);
    }

    /** Entries behind {@code after} with these payloads. */
    static List<LogEntry> entries(LogPosition after, String... payloads) {
        List<LogEntry> entries = new ArrayList<>(payloads.length);
        LogPosition position = after;
        for (String payload : payloads) {
            LogEntry entry = LogEntry.after(position, "test", 1, 1, payload.getBytes(StandardCharsets.UTF_8));
            entries.add(entry);
            position = entry.position();
        }
        return entries;
    }

    /** Payloads {@code {"n":from}} to {@code {"n":to}}. */
    static String[] numbers(int from, int to) {
        return IntStream.rangeClosed(from, to)
                .mapToObj(n -> "{\"n\":" + n + "}")
                .toArray(String[]::new);
    }

    /** Appends these payloads at the head. */
    static LogPosition append(ConversationStore store, String conversation, String... payloads) {
        LogPosition head = store.head(conversation).orElse(LogPosition.START);
        return store.append(conversation, head, entries(head, payloads));
    }

    /** The whole log, whose chain must be right from the first entry on. */
    static List<LogEntry> all(ConversationStore store, String conversation) {
        List<LogEntry> entries = store.read(conversation, 0, ALL);
        LogPosition position = LogPosition.START;
        for (LogEntry entry : entries) {
            assertThat(entry.follows(position))
                    .as("entry %s follows version %s", entry, position.version())
                    .isTrue();
            position = entry.position();
        }
        assertThat(store.head(conversation).orElse(LogPosition.START))
                .as("the head is the last entry")
                .isEqualTo(position);
        return entries;
    }

    /** The payloads of the whole log. */
    static List<String> payloads(ConversationStore store, String conversation) {
        return all(store, conversation).stream()
                .map(entry -> new String(entry.content(), StandardCharsets.UTF_8))
                .toList();
    }

    /** Holds every part of two entries against each other; their own equality leaves some to the hash. */
    static void assertSame(List<LogEntry> actual, List<LogEntry> expected) {
        assertThat(actual).as("as many entries").hasSameSizeAs(expected);
        for (int i = 0; i < expected.size(); i++) {
            LogEntry was = expected.get(i);
            LogEntry is = actual.get(i);
            assertThat(is.version()).as("version").isEqualTo(was.version());
            assertThat(is.kind()).as("kind").isEqualTo(was.kind());
            assertThat(is.turn()).as("turn").isEqualTo(was.turn());
            assertThat(is.base()).as("base").isEqualTo(was.base());
            assertThat(is.salt()).as("salt").isEqualTo(was.salt());
            assertThat(is.digest()).as("digest").isEqualTo(was.digest());
            assertThat(is.hash()).as("hash").isEqualTo(was.hash());
            assertThat(is.payload()).as("payload of version %s", was.version()).isEqualTo(was.payload());
        }
    }

    /** Fails unless the act is refused in this way; gives what was thrown. */
    static StoreException refused(StoreException.Kind kind, Runnable act) {
        Throwable thrown = catchThrowable(act::run);
        assertThat(thrown).as("refused as %s", kind).isInstanceOf(StoreException.class);
        StoreException refusal = (StoreException) thrown;
        assertThat(refusal.kind()).as(refusal.getMessage()).isEqualTo(kind);
        return refusal;
    }
}
