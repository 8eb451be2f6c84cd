package dev.agentloop.cli.log;

import dev.agentloop.Conversation;
import dev.agentloop.Item;
import dev.agentloop.Outcome;
import dev.agentloop.ToolCall;
import dev.agentloop.cli.events.ToolLines;
import dev.agentloop.cli.terminal.TerminalText;
import dev.agentloop.spi.ConversationStore;
import dev.agentloop.spi.LogEntry;
import java.io.IOException;
import java.io.PrintStream;
import java.util.List;
import java.util.stream.Stream;

/** Where a conversation stands that is taken up again: what was said last, and what is open. */
public final class LastWords {
    private static final int WIDTH = 160;
    private static final int LINES = 6;
    /** How many entries are read at first; the last words stand at the end. */
    private static final long NEWEST = 500;

    /** How a turn ended whose questions have an answer by now. */
    private static final String DECIDED = "awaiting approval";

    private static final String OPEN = "its process has died, or it is under way";

    private String asked = "";
    private String answered = "";
    private String unfinished = "";

    private LastWords() {}

    /** Reads them from a conversation's log. */
    public static LastWords of(ConversationStore store, Conversation conversation) {
        long version = conversation.version();
        LastWords words = new LastWords();
        words.read(store, conversation, Math.max(0, version - NEWEST));
        if (words.asked.isEmpty() && version > NEWEST) {
            words = new LastWords();
            words.read(store, conversation, 0);
        }
        return words;
    }

    private void read(ConversationStore store, Conversation conversation, long after) {
        try (Stream<LogEntry> entries = store.stream(conversation.id(), after)) {
            entries.forEach(this::note);
        }
    }

    private void note(LogEntry entry) {
        byte[] payload = entry.payload();
        if (payload == null) {
            return;
        }
        switch (entry.kind()) {
            case "item.user" -> {
                if (Item.of(payload) instanceof Item.Message message) {
                    asked = message.text();
                    answered = "";
                }
            }
            case "item.model" -> {
                if (Item.of(payload) instanceof Item.Message message) {
                    answered = message.text();
                }
            }
            case "turn.begun" -> unfinished = OPEN;
            case "turn.ended" -> unfinished = ending(payload);
            default -> {}
        }
    }

    private static String ending(byte[] payload) {
        try {
            String outcome = Payload.of(payload).text("outcome");
            return outcome.equals("Finished") ? "" : LogTurns.words(outcome);
        } catch (IOException e) {
            return "";
        }
    }

    /** Whether there is something to go on with that nobody has to type. */
    public boolean unfinished() {
        return !unfinished.isEmpty();
    }

    /**
     * Says it.
     *
     * @param waiting the calls that await a decision
     */
    public void tell(PrintStream out, List<Outcome.Pending> waiting) {
        if (!asked.isEmpty()) {
            out.println("  you said: " + TerminalText.cutAtWord(TerminalText.line(asked), WIDTH));
        }
        if (!answered.isEmpty()) {
            List<String> lines = TerminalText.of(answered.strip()).lines().toList();
            out.println("  it said:");
            lines.stream().limit(LINES).forEach(line -> out.println("    | " + TerminalText.cutAtWord(line, WIDTH)));
            if (lines.size() > LINES) {
                out.println("    [" + TerminalText.number(lines.size() - LINES) + " lines more; log --full shows all]");
            }
        }
        for (Outcome.Pending question : waiting) {
            out.println("  awaits your decision: "
                    + ToolLines.title(ToolCall.function(question.callId(), question.tool(), question.arguments())));
        }
        if (waiting.isEmpty() && unfinished() && !unfinished.equals(DECIDED)) {
            out.println("  not finished: " + TerminalText.line(unfinished));
        }
    }
}
