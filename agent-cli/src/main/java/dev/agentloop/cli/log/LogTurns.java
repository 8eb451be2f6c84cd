package dev.agentloop.cli.log;

import dev.agentloop.cli.terminal.TerminalText;
import dev.agentloop.spi.LogEntry;
import java.time.Duration;
import java.util.Locale;

/** The turns of a log and their responses, as a person reads them. */
final class LogTurns {
    private final LogLines lines;
    private final LogUsage usage;
    private int count;
    private boolean open;
    private String owner = "";
    private long begun;
    private int steps;

    LogTurns(LogLines lines, LogUsage usage) {
        this.lines = lines;
        this.usage = usage;
    }

    /** How many turns there were. */
    int count() {
        return count;
    }

    /** Shows an entry if it is about a turn; false if it is not. */
    boolean show(LogEntry entry, Payload fields) {
        long version = entry.version();
        switch (entry.kind()) {
            case "turn.begun" -> begun(version, fields);
            case "turn.ended" -> ended(version, fields);
            case "response" -> {
                steps++;
                usage.used(fields.usage());
                lines.line(
                        version,
                        "step " + steps + at(fields) + ": " + usage.words(fields.usage())
                                + (fields.has("incomplete") ? "; incomplete: " + fields.text("incomplete") : ""));
            }
            case "aside.partial" -> lines.text(version, "unfinished answer", fields.text("text"));
            case "response.broken" -> {
                usage.used(fields.usage());
                lines.line(
                        version,
                        "the response broke off: " + fields.text("cause") + "; " + usage.words(fields.usage()));
            }
            default -> {
                return false;
            }
        }
        return true;
    }

    private static String at(Payload fields) {
        return fields.time("at").isEmpty() ? "" : " at " + fields.time("at");
    }

    private void begun(long version, Payload fields) {
        String before = open ? owner : "";
        boolean takenOver = open;
        tellOpen();
        begin();
        owner = fields.text("owner");
        begun = fields.number("at");
        lines.line(
                version,
                "turn " + count + at(fields) + " by " + owner
                        + (fields.has("allowed_tools")
                                ? "; may call " + String.join(", ", fields.texts("allowed_tools"))
                                : ""));
        if (takenOver) {
            lines.more("taken over from " + (before.isEmpty() ? "an unknown owner" : before)
                    + ", which did not end its turn");
        }
    }

    private void begin() {
        usage.turnBegun();
        count++;
        open = true;
        steps = 0;
        owner = "";
        begun = 0;
    }

    private void ended(long version, Payload fields) {
        usage.lost();
        open = false;
        long took = fields.number("at") - begun;
        long made = fields.number("steps");
        lines.line(
                version,
                "turn " + count + " ended" + at(fields) + ": " + outcome(fields) + " after " + made
                        + (made == 1 ? " step" : " steps")
                        + (begun > 0 && took >= 0 ? " and " + TerminalText.time(Duration.ofMillis(took)) : "") + "; "
                        + usage.words(fields.usage()));
    }

    private static String outcome(Payload fields) {
        return words(fields.text("outcome"))
                + (fields.text("detail").isEmpty() ? "" : " (" + fields.text("detail") + ")");
    }

    /** The conversation is a fork from here on: a turn that was open is not its own. */
    void forked() {
        usage.lost();
        open = false;
    }

    /** Takes note of an entry whose payload was erased. */
    void erased(String kind) {
        if (kind.equals("turn.begun")) {
            begin();
        } else if (kind.equals("turn.ended")) {
            forked();
        }
    }

    /** Tells of the turn that has no end, if there is one. */
    void tellOpen() {
        usage.lost();
        if (open) {
            lines.line("turn " + count + " has no end: it is under way, or its process has died; "
                    + usage.words(usage.turn()));
        }
    }

    /** The words in a name such as {@code AwaitingApproval} or {@code BEFORE_TURN}. */
    static String words(String name) {
        return name.replaceAll("(?<=[a-z])(?=[A-Z])", " ").replace('_', ' ').toLowerCase(Locale.ROOT);
    }
}
