package dev.agentloop.cli.log;

import dev.agentloop.Item;
import dev.agentloop.cli.terminal.TerminalText;
import dev.agentloop.spi.LogEntry;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.Map;
import java.util.Set;

/** What a log says of calls beside the calls and outputs themselves, as a person reads it. */
final class LogCalls {
    private static final String WHOLE_OUTPUT = "aside.output.";

    private final LogLines lines;
    private final Map<String, String> asked = new LinkedHashMap<>();
    private final Set<String> started = new LinkedHashSet<>();
    private final Map<Long, String> rules = new LinkedHashMap<>();

    LogCalls(LogLines lines) {
        this.lines = lines;
    }

    /** Shows an entry if it is about a call; false if it is not. */
    boolean show(LogEntry entry, Payload fields) {
        String call = fields.text("call_id");
        switch (entry.kind()) {
            case "call.renamed" -> {
                String from = fields.text("from");
                lines.detail(
                        entry.version(),
                        "the server calls " + call + (from.isEmpty() ? " by no id" : " " + TerminalText.line(from)));
            }
            case "tool.started" -> {
                asked.remove(call);
                started.add(call);
            }
            case "approval.asked" -> {
                asked.put(call, expiry(fields));
                String question = fields.text("question").strip().replaceFirst("\\.$", "");
                lines.detail(entry.version(), call + " needs approval: " + question + "; " + expiry(fields));
            }
            case "approval.decided" -> {
                asked.remove(call);
                String reason = fields.text("reason").isEmpty() ? "" : ": " + fields.text("reason");
                lines.detail(entry.version(), call + (fields.flag("approved") ? " approved" : " refused") + reason);
                if (!fields.text("rule").isEmpty()) {
                    rules.put(fields.number("call"), fields.text("rule"));
                    lines.more("always allowed from here on: " + fields.text("rule"));
                }
            }
            case "rule.revoked" -> {
                String rule = rules.remove(fields.number("call"));
                lines.detail(
                        entry.version(),
                        "no longer always allowed: "
                                + (rule == null ? "what came with entry " + fields.number("call") : rule));
            }
            default -> {
                return entry.kind().startsWith(WHOLE_OUTPUT) && wholeOutput(entry, fields);
            }
        }
        return true;
    }

    private static String expiry(Payload fields) {
        return fields.time("expires_at").isEmpty() ? "never expires" : "expires at " + fields.time("expires_at");
    }

    private boolean wholeOutput(LogEntry entry, Payload fields) {
        String call = fields.text("call_id");
        String text = fields.text("text");
        if (lines.full()) {
            lines.text(entry.version(), call + " gave in full", text);
        } else {
            lines.detail(
                    entry.version(),
                    call + " gave " + TerminalText.number(text.length())
                            + " characters, cut for the model; --full prints them all");
        }
        return true;
    }

    /** Takes note of an item: an output settles its call. */
    void note(Item item) {
        if (item instanceof Item.Output output) {
            asked.remove(output.callId());
            started.remove(output.callId());
        }
    }

    /** The conversation is a fork from here on, in which nothing was allowed yet. */
    void forked() {
        rules.clear();
    }

    /** There are no more entries: what is open stays open. */
    void end() {
        started.forEach(call -> lines.line("call " + call + " was started and has no output"));
        rules.values().forEach(rule -> lines.line("always allowed: " + rule));
        asked.forEach((call, expiry) -> lines.line("call " + call + " awaits a decision; its question " + expiry));
    }
}
