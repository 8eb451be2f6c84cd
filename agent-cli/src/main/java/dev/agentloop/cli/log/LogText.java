package dev.agentloop.cli.log;

import dev.agentloop.Item;
import dev.agentloop.Usage;
import dev.agentloop.cli.options.ReadOptions;
import dev.agentloop.cli.terminal.TerminalText;
import dev.agentloop.spi.InboxMessage;
import dev.agentloop.spi.LogEntry;
import java.io.IOException;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.util.List;

/**
 * Shows a log as a person reads it. It keeps nothing of the entries but the calls that are open and what was used, so a log
 * may be of any length.
 */
public final class LogText implements LogView {
    private static final String ITEM = "item.";

    private final LogLines lines;
    private final LogUsage usage;
    private final LogTurns turns;
    private final LogCalls calls;
    private int epochs;
    private long entries;

    public LogText(PrintStream out, ReadOptions options) {
        lines = new LogLines(out, options.full());
        usage = new LogUsage(options.prices());
        turns = new LogTurns(lines, usage);
        calls = new LogCalls(lines);
    }

    @Override
    public void show(LogEntry entry) {
        entries++;
        byte[] payload = entry.payload();
        if (payload == null || entry.isErased() && entry.kind().startsWith(ITEM)) {
            lines.line(entry.version(), entry.kind() + ": erased");
            turns.erased(entry.kind());
            return;
        }
        try {
            if (entry.kind().startsWith(ITEM)) {
                Item item = Item.of(payload);
                show(entry.version(), entry.kind().substring(ITEM.length()), item);
                calls.note(item);
            } else {
                show(entry, Payload.of(payload));
            }
        } catch (IOException | IllegalArgumentException e) {
            lines.text(entry.version(), entry.kind() + ", which cannot be read", text(payload));
        }
    }

    private void show(LogEntry entry, Payload fields) {
        if (!turns.show(entry, fields)
                && !calls.show(entry, fields)
                && !showContext(entry, fields)
                && !showConversation(entry, fields)) {
            lines.text(entry.version(), "unknown kind " + entry.kind(), text(entry.content()));
        }
    }

    // The kind is the entry's without "item."
    private void show(long version, String kind, Item item) {
        if (item instanceof Item.Message message && !message.text().isEmpty()) {
            lines.text(version, speaker(kind, message), message.text());
        } else if (item instanceof Item.Message message && !message.refusal().isEmpty()) {
            lines.text(version, speaker(kind, message) + " refuses", message.refusal());
        } else if (item instanceof Item.Call call) {
            lines.text(
                    version,
                    "calls " + call.name() + " (" + call.callId() + (call.incomplete() ? ", cut off" : "") + ")",
                    call.arguments());
        } else if (item instanceof Item.Output output) {
            lines.text(
                    version,
                    output.callId() + (kind.endsWith(".error") ? " failed" : " gave"),
                    output.text().isEmpty() ? output.json() : output.text());
        } else if (item instanceof Item.Reasoning reasoning) {
            lines.text(version, "thinks", reasoning.summary().isEmpty() ? "(no summary)" : reasoning.summary());
        } else {
            lines.text(version, item.type().isEmpty() ? "item of no type" : item.type(), item.json());
        }
    }

    private static String speaker(String kind, Item.Message message) {
        if (kind.startsWith("context.") || kind.startsWith("pin.")) {
            return kind.replace('.', ' ');
        }
        return message.role().equals("assistant") ? "model" : message.role();
    }

    private static String text(byte[] payload) {
        return new String(payload, StandardCharsets.UTF_8);
    }

    private boolean showConversation(LogEntry entry, Payload fields) {
        long version = entry.version();
        switch (entry.kind()) {
            case "conversation" ->
                lines.line(
                        version,
                        "conversation " + fields.text("id") + " begun at " + fields.text("created") + ", format "
                                + fields.number("format"));
            case "fork" -> {
                turns.forked();
                calls.forked();
                lines.line(
                        version, "forked from " + fields.text("of") + " after its version " + fields.number("version"));
            }
            case "redacted" ->
                lines.line(
                        version,
                        "to be erased: the entries " + String.join(", ", fields.texts("versions")) + because(fields));
            case "erased" -> lines.line(version, "what was to be erased is");
            case "sealed" -> lines.line(version, "sealed: nothing follows" + because(fields));
            case "inbox.taken" ->
                lines.line(version, "taken from the inbox: " + String.join(", ", fields.texts("ids")));
            default -> {
                return false;
            }
        }
        return true;
    }

    private static String because(Payload fields) {
        return fields.text("reason").isEmpty() ? "" : "; " + fields.text("reason");
    }

    private boolean showContext(LogEntry entry, Payload fields) {
        long version = entry.version();
        switch (entry.kind()) {
            case "epoch", "epoch.window" -> epoch(entry, fields);
            case "compaction.begun" -> {
                usage.compactionBegun(fields.usage());
                lines.line(version, "compaction by " + fields.text("by") + " begun" + mayUse(fields.usage()));
            }
            case "compaction.failed" -> {
                usage.compactionEnded(fields.usage());
                lines.line(
                        version,
                        "compaction by " + fields.text("by") + " failed, and nothing was changed: "
                                + fields.text("cause") + used(fields.usage()));
            }
            case "unpin" -> lines.line(version, "unpinned " + fields.text("name"));
            default -> {
                return false;
            }
        }
        return true;
    }

    private void epoch(LogEntry entry, Payload fields) {
        epochs++;
        Payload head = fields.inner("head");
        String begins = "epoch " + epochs + ", " + fields.text("reason") + ": " + head.text("model") + ", "
                + head.size("tools") + " tools"
                + (fields.has("window") ? ", " + fields.size("window") + " items" : "");
        lines.line(entry.version(), begins);
        if (fields.has("by")) {
            usage.compactionEnded(fields.usage());
            lines.more("compacted by " + fields.text("by") + " (" + LogTurns.words(fields.text("why")) + "): "
                    + TerminalText.number(fields.number("tokens_before")) + " tokens before, about "
                    + TerminalText.number(fields.number("tokens_after")) + " after" + used(fields.usage()));
        }
    }

    private String mayUse(Usage most) {
        return most.total() == 0 ? "" : "; may use " + usage.words(most);
    }

    private String used(Usage of) {
        return of.total() == 0 ? "" : "; used " + usage.words(of);
    }

    @Override
    public void end(List<InboxMessage> inbox) {
        turns.tellOpen();
        lines.line(TerminalText.number(entries) + " entries, " + turns.count()
                + (turns.count() == 1 ? " turn; " : " turns; ") + usage.words(usage.total()));
        calls.end();
        for (InboxMessage message : inbox) {
            lines.line("in the inbox since " + TerminalText.instant(message.at()) + ": " + message.id()
                    + (message.id().startsWith(message.kind()) ? "" : " (" + message.kind() + ")"));
        }
    }
}
