package dev.agentloop.pg;

import dev.agentloop.spi.ConversationStore;
import dev.agentloop.spi.LogEntry;
import dev.agentloop.spi.LogPosition;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;

/** A writer that appends to the log itself, by the store alone. It begins its turns without asking whether somebody is at work. */
final class FightRaw {
    private final FightStore store;
    private final String conversation;
    private LogPosition position = LogPosition.START;
    private long base;
    private long turn;
    private int said;

    FightRaw(FightStore store, String conversation) {
        this.store = store;
        this.conversation = conversation;
    }

    /** Whether the newest turn is over. */
    static boolean isFree(ConversationStore store, String conversation) {
        LogPosition head = store.head(conversation).orElse(LogPosition.START);
        return head.version() == 0
                || store.read(conversation, head.version() - 1, 1).get(0).kind().equals("turn.ended");
    }

    /** Begins a turn behind whatever is in the log now. */
    void begin() {
        follow();
        turn = position.version() + 1;
        append("turn.begun", "{\"owner\":\"" + store.leases().process() + "/" + store.writer() + "\"}");
    }

    /** Knows the log as it is now, and forgets nothing else. */
    void follow() {
        position = store.head(conversation).orElse(LogPosition.START);
        base = position.version() == 0
                ? 0
                : store.read(conversation, position.version() - 1, 1).get(0).base();
    }

    /** Has another turn than its own. */
    void intrude(FightRaw other) {
        follow();
        turn = other.turn;
    }

    /** Appends so many entries at once that say nothing to the model. */
    void note(int entries) {
        List<String> payloads = new ArrayList<>();
        for (int i = 0; i < entries; i++) {
            payloads.add("{\"text\":\"" + store.writer() + " notes no " + ++said + "\"}");
        }
        append("aside.output." + store.writer(), payloads.toArray(new String[0]));
    }

    /** Appends what a user says. */
    void say(String text) {
        append(
                "item.user",
                "{\"type\":\"message\",\"role\":\"user\",\"content\":[{\"type\":\"input_text\",\"text\":\"" + text
                        + "\"}]}");
    }

    /** Ends the turn. */
    void end() {
        append("turn.ended", "{\"outcome\":\"Finished\",\"steps\":0}");
        turn = 0;
    }

    private void append(String kind, String... payloads) {
        List<LogEntry> entries = new ArrayList<>();
        LogPosition before = position;
        for (String payload : payloads) {
            entries.add(LogEntry.after(before, kind, turn, base, payload.getBytes(StandardCharsets.UTF_8)));
            before = entries.get(entries.size() - 1).position();
        }
        store.append(conversation, position, entries);
        position = before;
    }
}
