package dev.agentloop.testkit;

import static dev.agentloop.testkit.internal.store.StoredLogs.append;
import static dev.agentloop.testkit.internal.store.StoredLogs.entries;
import static dev.agentloop.testkit.internal.store.StoredLogs.newId;
import static dev.agentloop.testkit.internal.store.StoredLogs.numbers;
import static dev.agentloop.testkit.internal.store.StoredLogs.payloads;
import static dev.agentloop.testkit.internal.store.StoredLogs.refused;
import static org.assertj.core.api.Assertions.assertThat;

import dev.agentloop.spi.ConversationStore;
import dev.agentloop.spi.InboxMessage;
import dev.agentloop.spi.LogPosition;
import dev.agentloop.spi.StoreException.Kind;
import dev.agentloop.testkit.internal.store.StoreRace;
import dev.agentloop.testkit.internal.store.StoredLogs;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;

/** What every store must do with the messages of a conversation; a part of {@link ConversationStoreContract}. */
abstract class StoreInbox extends StoreRestatements {

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
}
