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

import dev.agentloop.spi.ConversationStore;
import dev.agentloop.spi.InboxMessage;
import dev.agentloop.spi.LogEntry;
import dev.agentloop.spi.LogPosition;
import dev.agentloop.spi.StoreException;
import dev.agentloop.spi.StoreException.Kind;
import dev.agentloop.testkit.internal.store.StoreRace;
import dev.agentloop.testkit.internal.store.StoredLogs;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;

/** Restated and ended logs, messages, many threads: the third part of {@link ConversationStoreContract}. */
abstract class StoreRules extends ErasureRules {

    /* --- load --- */

    @Test
    void load_withoutARestatement_givesTheWholeLog() throws Exception {
        String id = newId();
        List<LogEntry> entries = restating(LogPosition.START, 0, 0, 0, 0);
        store().append(id, LogPosition.START, entries);
        assertSame(store().load(id), entries);
        reopen();
        assertSame(store().load(id), entries);
        assertThat(store().load(newId())).isEmpty();
    }

    @Test
    void load_givesTheNewestRestatementAndTheEntryBefore() throws Exception {
        String id = newId();
        List<LogEntry> entries = restating(LogPosition.START, 1, 1, 3, 3, 3, 6, 6, 6);
        store().append(id, LogPosition.START, entries.subList(0, 5));
        assertSame(store().load(id), entries.subList(1, 5));
        store().append(id, entries.get(4).position(), entries.subList(5, 8));
        assertContinues(store().load(id), entries.subList(4, 8));
        reopen();
        assertContinues(store().load(id), entries.subList(4, 8));
        LogPosition head = entries.get(7).position();
        List<LogEntry> last = restating(head, 9);
        store().append(id, head, last);
        assertContinues(store().load(id), List.of(entries.get(7), last.get(0)));
    }

    @Test
    void load_ofALogThatBeginsWithARestatement_givesAllOfIt() {
        String id = newId();
        List<LogEntry> entries = restating(LogPosition.START, 1, 1, 1);
        store().append(id, LogPosition.START, entries);
        assertSame(store().load(id), entries);
    }

    @Test
    void load_ofAFork_goesOnBehindItsBeginning() throws Exception {
        List<LogEntry> entries = restating(LogPosition.START, 1, 1, 3, 3, 3, 3);
        String source = newId();
        store().append(source, LogPosition.START, entries);
        for (int version = 2; version <= 6; version++) {
            String fork = newId();
            LogPosition at = entries.get(version - 1).position();
            store().fork(source, at, fork);
            int from = version < 3 ? 0 : 1;
            assertContinues(store().load(fork), entries.subList(from, version));
            List<LogEntry> own = restating(at, version < 3 ? 1 : 3, version + 2);
            store().append(fork, at, own.subList(0, 1));
            List<LogEntry> together = new ArrayList<>(entries.subList(from, version));
            together.add(own.get(0));
            assertContinues(store().load(fork), together);
            store().append(fork, own.get(0).position(), own.subList(1, 2));
            reopen();
            assertContinues(store().load(fork), own);
        }
    }

    @Test
    void load_leavesOutWhatLiesBesideTheLog() throws Exception {
        String id = newId();
        byte[] output = "{\"output\":\"all of it\"}".getBytes(StandardCharsets.UTF_8);
        LogEntry first = LogEntry.after(LogPosition.START, "test", 1, 1, new byte[] {'1'});
        LogEntry aside = LogEntry.after(first.position(), LogEntry.ASIDE + "output", 1, 1, output);
        LogEntry last = LogEntry.after(aside.position(), "test", 1, 1, new byte[] {'3'});
        List<LogEntry> entries = List.of(first, aside, last);
        store().append(id, LogPosition.START, entries);
        for (int round = 0; round < 2; round++) {
            assertSame(store().load(id), List.of(first, aside.withoutPayload(), last));
            assertSame(store().loadAfter(id, 0), List.of(first, aside.withoutPayload(), last));
            assertSame(store().loadAfter(id, 1), List.of(aside.withoutPayload(), last));
            assertSame(store().read(id, 1, 1), List.of(aside));
            assertSame(all(store(), id), entries);
            reopen();
        }
    }

    @Test
    void loadAfter_givesWhatFollowsAVersion() throws Exception {
        String id = newId();
        List<LogEntry> entries = restating(LogPosition.START, 1, 1, 3, 3, 3, 6, 6, 6);
        assertThat(store().loadAfter(id, 0)).isEmpty();
        store().append(id, LogPosition.START, entries.subList(0, 3));
        store().append(id, entries.get(2).position(), entries.subList(3, 8));
        for (int round = 0; round < 2; round++) {
            for (int version = 0; version <= entries.size(); version++) {
                assertContinues(store().loadAfter(id, version), entries.subList(version, entries.size()));
            }
            assertThat(store().loadAfter(id, 9)).isEmpty();
            assertThat(store().loadAfter(newId(), 0)).isEmpty();
            reopen();
        }
    }

    @Test
    void loadAfter_ofAFork_goesOnFromItsOrigin() throws Exception {
        List<LogEntry> entries = restating(LogPosition.START, 1, 1, 3, 3, 3, 3);
        String source = newId();
        store().append(source, LogPosition.START, entries);
        String fork = newId();
        store().fork(source, entries.get(3).position(), fork);
        List<LogEntry> own = restating(entries.get(3).position(), 3, 3);
        store().append(fork, entries.get(3).position(), own);
        List<LogEntry> all = new ArrayList<>(entries.subList(0, 4));
        all.addAll(own);
        reopen();
        for (int version = 0; version <= all.size(); version++) {
            assertContinues(store().loadAfter(fork, version), all.subList(version, all.size()));
        }
    }

    private static List<LogEntry> restating(LogPosition after, long... bases) {
        List<LogEntry> entries = new ArrayList<>();
        LogPosition position = after;
        for (long base : bases) {
            byte[] payload = ("{\"base\":" + base + "}").getBytes(StandardCharsets.UTF_8);
            entries.add(LogEntry.after(position, "test", 1, base, payload));
            position = entries.get(entries.size() - 1).position();
        }
        return entries;
    }

    private static void assertContinues(List<LogEntry> actual, List<LogEntry> expected) {
        assertSame(actual, expected);
        for (int i = 1; i < actual.size(); i++) {
            assertThat(actual.get(i).follows(actual.get(i - 1).position())).isTrue();
        }
    }

    /* --- sealed logs --- */

    @Test
    void append_behindASealedLog_isRefused() throws Exception {
        String id = newId();
        LogPosition head = append(store(), id, numbers(1, 2));
        List<LogEntry> sealing =
                List.of(LogEntry.after(head, LogEntry.SEALED, 0, 1, "{\"n\":3}".getBytes(StandardCharsets.UTF_8)));
        LogPosition end = store().append(id, head, sealing);
        for (int round = 0; round < 2; round++) {
            StoreException refusal = refused(Kind.SEALED, () -> store().append(id, end, entries(end, numbers(9, 9))));
            assertThat(refusal).hasMessageContaining(id).hasMessageContaining("3");
            refused(Kind.SEALED, () -> store().append(id, head, entries(head, numbers(9, 9))));
            refused(
                    Kind.SEALED,
                    () -> store().append(id, LogPosition.START, entries(LogPosition.START, numbers(9, 9))));
            assertThat(store().append(id, head, sealing)).as("sent again").isEqualTo(end);
            assertThat(payloads(store(), id)).containsExactly(numbers(1, 3));
            reopen();
        }
        String fork = newId();
        store().fork(id, head, fork);
        append(store(), fork, numbers(4, 4));
        assertThat(payloads(store(), fork)).containsExactly("{\"n\":1}", "{\"n\":2}", "{\"n\":4}");
    }

    @Test
    void append_withAnEntryBehindTheEndOfTheLog_isRefusedAsAWhole() {
        String id = newId();
        LogPosition head = append(store(), id, numbers(1, 2));
        LogEntry end = LogEntry.after(head, LogEntry.SEALED, 0, 1, "{\"n\":3}".getBytes(StandardCharsets.UTF_8));
        List<LogEntry> entries = new ArrayList<>(List.of(end));
        entries.addAll(entries(end.position(), numbers(4, 4)));
        assertThatThrownBy(() -> store().append(id, head, entries)).isInstanceOf(IllegalArgumentException.class);
        assertThat(payloads(store(), id)).containsExactly(numbers(1, 2));
    }

    /* --- inbox --- */

    @Test
    void inbox_keepsWhatWasLeftInItsOrder() throws Exception {
        String id = newId();
        LogPosition head = append(store(), id, numbers(1, 1));
        assertThat(store().inbox(id)).isEmpty();
        Instant before = Instant.now();
        for (String name : List.of("z", "a", "Z", "call \"1\" \\ \u00fc \ud83d\ude00", "m".repeat(200))) {
            assertThat(store().leave(id, message(name, "{\"of\":1}"))).isTrue();
        }
        for (int round = 0; round < 2; round++) {
            List<InboxMessage> messages = store().inbox(id);
            assertThat(messages)
                    .extracting(InboxMessage::id)
                    .containsExactly("z", "a", "Z", "call \"1\" \\ \u00fc \ud83d\ude00", "m".repeat(200));
            assertThat(messages).allSatisfy(message -> {
                assertThat(message.kind()).isEqualTo("test");
                assertThat(message.at()).isBetween(before.minus(Duration.ofMinutes(5)), before.plusSeconds(300));
            });
            reopen();
        }
        assertThat(store().head(id)).as("the log stays as it is").contains(head);
        assertThat(append(store(), id, numbers(2, 2)).version()).isEqualTo(2);
        assertThat(payloads(store(), id)).containsExactly(numbers(1, 2));
    }

    @Test
    void messageOfAnIdThatWasLeft_isPassedOver() throws Exception {
        String id = newId();
        append(store(), id, numbers(1, 1));
        assertThat(store().leave(id, message("call", "{\"allow\":true}"))).isTrue();
        assertThat(store().leave(id, message("call", "{\"allow\":false}"))).isFalse();
        reopen();
        assertThat(store().leave(id, message("call", "{\"allow\":null}"))).isFalse();
        assertThat(texts(id)).containsExactly("{\"allow\":true}");
    }

    @Test
    void messagesOfOneIdAtOnce_exactlyOneStays() throws Exception {
        String id = newId();
        append(store(), id, numbers(1, 1));
        ConversationStore beside = beside();
        try {
            for (int round = 0; round < 20; round++) {
                String name = "call " + round;
                List<String> left = StoreRace.leave(List.of(store(), beside, store(), beside), id, name);
                List<String> first =
                        left.stream().filter(payload -> !payload.isEmpty()).toList();
                assertThat(first).as("who was told to be first").hasSize(1);
                assertThat(texts(id)).hasSize(round + 1).last().isEqualTo(first.get(0));
            }
            assertThat(beside.inbox(id)).isEqualTo(store().inbox(id));
        } finally {
            if (beside != store()) {
                beside.close();
            }
        }
    }

    @Test
    void removedMessages_areGone() throws Exception {
        String id = newId();
        append(store(), id, numbers(1, 1));
        for (String name : List.of("a", "b", "c", "d")) {
            store().leave(id, message(name, "\"" + name + "\""));
        }
        store().removeMessages(id, List.of("b", "d", "nobody's"));
        assertThat(texts(id)).containsExactly("\"a\"", "\"c\"");
        store().removeMessages(id, List.of());
        reopen();
        assertThat(texts(id)).containsExactly("\"a\"", "\"c\"");
        store().removeMessages(newId(), List.of("a"));
    }

    @Test
    void message_forNoConversation_isNotFound() {
        String id = newId();
        refused(Kind.NOT_FOUND, () -> store().leave(id, message("a", "{}")));
        LogPosition invented = entries(LogPosition.START, "{}").get(0).position();
        refused(Kind.CONFLICT, () -> store().append(id, invented, entries(invented, "{}")));
        refused(Kind.NOT_FOUND, () -> store().leave(id, message("a", "{}")));
        assertThat(store().inbox(id)).isEmpty();
    }

    @Test
    void inbox_isDeletedWithItsConversation() {
        String id = newId();
        String other = newId();
        append(store(), id, numbers(1, 1));
        append(store(), other, numbers(1, 1));
        store().leave(id, message("a", "{}"));
        store().leave(other, message("a", "{}"));
        store().delete(id);
        assertThat(store().inbox(id)).isEmpty();
        refused(Kind.NOT_FOUND, () -> store().leave(id, message("b", "{}")));
        append(store(), id, numbers(1, 1));
        assertThat(store().inbox(id)).isEmpty();
        assertThat(texts(other)).containsExactly("{}");
    }

    @Test
    void fork_hasAnInboxOfItsOwn() {
        String source = newId();
        LogPosition head = append(store(), source, numbers(1, 1));
        store().leave(source, message("a", "1"));
        String fork = newId();
        store().fork(source, head, fork);
        assertThat(store().inbox(fork)).isEmpty();
        assertThat(store().leave(fork, message("a", "2"))).isTrue();
        assertThat(texts(fork)).containsExactly("2");
        assertThat(texts(source)).containsExactly("1");
    }

    @Test
    void payloadOfAMessage_comesBackByteForByte() throws Exception {
        String id = newId();
        append(store(), id, numbers(1, 1));
        List<String> payloads = Stream.concat(StoredLogs.payloads().stream(), Stream.of("{\n\"line\":\r\n2}\n"))
                .toList();
        for (int i = 0; i < payloads.size(); i++) {
            store().leave(id, message("m" + i, payloads.get(i)));
        }
        assertThat(texts(id)).isEqualTo(payloads);
        reopen();
        assertThat(texts(id)).isEqualTo(payloads);
    }

    private static InboxMessage message(String id, String payload) {
        return new InboxMessage(id, "test", payload.getBytes(StandardCharsets.UTF_8), Instant.MIN);
    }

    private List<String> texts(String conversation) {
        return store().inbox(conversation).stream()
                .map(message -> new String(message.payload(), StandardCharsets.UTF_8))
                .toList();
    }

    /* --- threads --- */

    @Test
    void twoWriters_exactlyOneWinsEachVersion() throws Exception {
        StoreRace race = new StoreRace(store(), newId());
        List<LogPosition> winners = race.duel(60);
        assertThat(all(store(), race.conversation()))
                .extracting(LogEntry::position)
                .containsExactlyElementsOf(winners);
    }

    @Test
    void manyWriters_neverInterleave() throws Exception {
        StoreRace race = new StoreRace(store(), newId());
        List<String> acknowledged = race.appendGroups(6, 15, 3);
        List<String> payloads = payloads(store(), race.conversation());
        assertThat(payloads).hasSize(6 * 15 * 3).containsExactlyInAnyOrderElementsOf(acknowledged);
        for (int i = 0; i < payloads.size(); i += 3) {
            String group = payloads.get(i).replace(",\"part\":0}", "");
            assertThat(payloads.get(i + 1)).isEqualTo(group + ",\"part\":1}");
            assertThat(payloads.get(i + 2)).isEqualTo(group + ",\"part\":2}");
        }
    }

    @Test
    void oneAppendSentByManyAtOnce_happensOnce() throws Exception {
        StoreRace race = new StoreRace(store(), newId());
        LogPosition head = append(store(), race.conversation(), numbers(1, 1));
        List<LogEntry> entries = entries(head, numbers(2, 4));
        List<LogPosition> answers = race.sameAppend(8, head, entries);
        assertThat(answers).hasSize(8).containsOnly(entries.get(2).position());
        assertThat(payloads(store(), race.conversation())).containsExactly(numbers(1, 4));
    }

    @Test
    void readers_seeWholeAppendsOfOneHistory() throws Exception {
        StoreRace race = new StoreRace(store(), newId());
        race.readWhileAppending(150, 3);
        assertThat(all(store(), race.conversation())).hasSize(150 * 3);
    }

    @Test
    void forksIntoOneTarget_exactlyOneWins() throws Exception {
        StoreRace race = new StoreRace(store(), newId());
        LogPosition head = append(store(), race.conversation(), numbers(1, 3));
        String target = newId();
        List<String> results = race.forks(6, head, target);
        assertThat(Collections.frequency(results, "forked")).isEqualTo(1);
        assertThat(Collections.frequency(results, "EXISTS")).isEqualTo(5);
        assertThat(payloads(store(), target)).containsExactly(numbers(1, 3));
    }

    @Test
    void conversations_doNotDisturbEachOther() throws Exception {
        List<String> ids = StoreRace.separately(store(), 8, 20);
        for (String id : ids) {
            assertThat(payloads(store(), id)).containsExactly(numbers(1, 20));
        }
    }
}
