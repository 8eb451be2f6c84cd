package dev.agentloop.testkit;

import static dev.agentloop.testkit.internal.store.StoredLogs.all;
import static dev.agentloop.testkit.internal.store.StoredLogs.append;
import static dev.agentloop.testkit.internal.store.StoredLogs.entries;
import static dev.agentloop.testkit.internal.store.StoredLogs.newId;
import static dev.agentloop.testkit.internal.store.StoredLogs.numbers;
import static dev.agentloop.testkit.internal.store.StoredLogs.payloads;
import static org.assertj.core.api.Assertions.assertThat;

import dev.agentloop.spi.LogEntry;
import dev.agentloop.spi.LogPosition;
import dev.agentloop.testkit.internal.store.StoreRace;
import java.util.Collections;
import java.util.List;
import org.junit.jupiter.api.Test;

/** What every store must do when several threads use it at once; a part of {@link ConversationStoreContract}. */
abstract class StoreConcurrency extends StoreInbox {

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
