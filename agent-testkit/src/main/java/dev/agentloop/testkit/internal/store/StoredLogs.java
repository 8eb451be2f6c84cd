package dev.agentloop.testkit.internal.store;

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
public final class StoredLogs {
    private static final AtomicLong LAST_ID = new AtomicLong();
    private static final int ALL = 1_000_000;

    private StoredLogs() {}

    /** An id that is younger than all before it, and that no other run of these tests has. */
    public static String newId() {
        long millis = LAST_ID.updateAndGet(last -> Math.max(last + 1, System.currentTimeMillis()));
        String hex = String.format(Locale.ROOT, "%012x", millis);
        long random = java.util.concurrent.ThreadLocalRandom.current().nextLong(1L << 48);
        return hex.substring(0, 8) + "-" + hex.substring(8) + "-7000-8000-"
                + String.format(Locale.ROOT, "%012x", random);
    }

    /** Texts that are no ids, some of them close to a good one. */
    public static List<String> noIds(String good) {
        return List.of(
                "",
                "conversation",
                "../../etc/passwd",
                good.toUpperCase(java.util.Locale.ROOT).replace('0', 'A'),
                good + "0",
                good.substring(1),
                good.replace('-', '_'),
                good.replace('-', '/'),
                "g" + good.substring(1),
                "\u0661" + good.substring(1),
                good + "\n");
    }

    /** Payloads that a store which reads JSON, or text, may not give back as they were. */
    public static List<String> payloads() {
        return List.of(
                "{}",
                "null",
                "\"\"",
                "[]",
                "{\"text\":\"\\u0000 and \\ud800 alone, \\udc00\\ud800 turned round\"}",
                "{\"n\":1e400,\"m\":-0.0,\"k\":12345678901234567890.123456789012345678901,\"j\":1E+2}",
                "{\"b\":1,\"a\":2,\"b\":3}",
                " { \"spaces\" :\t[ 1 , 2 ] } ",
                "{\"text\":\"gr\u00fc\u00df \u4f60\u597d \ud83d\ude00 \u2028 \u007f\"}",
                "{\"slash\":\"\\/ / \\u002f\",\"quote\":\"\\\"\\u0022\"}",
                "{\"n\":" + "9".repeat(5_000) + "}",
                "[".repeat(2_000) + "]".repeat(2_000),
                "{\"big\":\"" + "0123456789abcdef".repeat(10 * 1024 * 1024 / 16) + "\"}");
    }

    /** Entries behind {@code after} with these payloads. */
    public static List<LogEntry> entries(LogPosition after, String... payloads) {
        List<LogEntry> entries = new ArrayList<>(payloads.length);
        LogPosition position = after;
        for (String payload : payloads) {
            LogEntry entry = LogEntry.after(position, "test", 1, 1, payload.getBytes(StandardCharsets.UTF_8));
            entries.add(entry);
            position = entry.position();
        }
        return entries;
    }

    /** The entry with another payload, which its digest does not fit. */
    public static LogEntry withPayload(LogEntry entry, String payload) {
        return new LogEntry(
                entry.version(),
                entry.kind(),
                entry.turn(),
                entry.base(),
                entry.salt(),
                entry.digest(),
                entry.hash(),
                payload.getBytes(StandardCharsets.UTF_8));
    }

    /** Payloads {@code {"n":from}} to {@code {"n":to}}. */
    public static String[] numbers(int from, int to) {
        return IntStream.rangeClosed(from, to)
                .mapToObj(n -> "{\"n\":" + n + "}")
                .toArray(String[]::new);
    }

    /** Appends these payloads at the head. */
    public static LogPosition append(ConversationStore store, String conversation, String... payloads) {
        LogPosition head = store.head(conversation).orElse(LogPosition.START);
        return store.append(conversation, head, entries(head, payloads));
    }

    /** The whole log, whose chain must be right from the first entry on. */
    public static List<LogEntry> all(ConversationStore store, String conversation) {
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
    public static List<String> payloads(ConversationStore store, String conversation) {
        return all(store, conversation).stream()
                .map(entry -> new String(entry.content(), StandardCharsets.UTF_8))
                .toList();
    }

    /** Holds every part of two entries against each other; their own equality leaves some to the hash. */
    public static void assertSame(List<LogEntry> actual, List<LogEntry> expected) {
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
    public static StoreException refused(StoreException.Kind kind, Runnable act) {
        Throwable thrown = catchThrowable(act::run);
        assertThat(thrown).as("refused as %s", kind).isInstanceOf(StoreException.class);
        StoreException refusal = (StoreException) thrown;
        assertThat(refusal.kind()).as(refusal.getMessage()).isEqualTo(kind);
        return refusal;
    }
}
