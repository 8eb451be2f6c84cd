package dev.agentloop.cli.events;

import dev.agentloop.AgentEvent;
import dev.agentloop.ToolCall;
import dev.agentloop.cli.terminal.TerminalText;
import java.io.PrintStream;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import java.util.stream.Collectors;

/** Tells of calls: what each does, and how it went with the last of what it printed. Used by the thread that runs. */
public final class ToolLines {
    private static final int WIDTH = 160;
    private static final String COMMAND = "shell_command";
    private static final String PATCH = "apply_patch";
    /** How many lines are shown of what a command printed that failed, and of others. */
    private static final int OF_FAILED = 3;

    private static final int OF_GOOD = 2;
    /** How many lines are shown of a patch. */
    private static final int OF_PATCH = 20;

    private final PrintStream out;
    private final Set<String> running = new HashSet<>();
    private final Set<String> asked = new HashSet<>();

    ToolLines(PrintStream out) {
        this.out = out;
    }

    /** A run has begun. */
    void begin() {
        running.clear();
        asked.clear();
    }

    /** The user was asked, and has read what it does. */
    void asked(String callId) {
        asked.add(callId);
    }

    void started(ToolCall call) {
        running.add(call.callId());
        out.println("  " + title(call));
    }

    void ended(AgentEvent.ToolEnded event) {
        boolean started = running.remove(event.call().callId());
        String which = started && running.isEmpty() ? "" : title(event.call()) + ": ";
        String time = started ? ", " + TerminalText.time(event.time()) : "";
        CommandReport report = CommandReport.of(event.output().text());
        if (report != null) {
            command(which, report, report.ending().contains(" after ") ? "" : time);
        } else if (event.output().error()) {
            line(which + TerminalText.cutAtWord(TerminalText.line(event.output().text()), WIDTH) + time);
        } else if (event.call().name().equals(PATCH)) {
            patch(which, event.call(), time);
        } else {
            line(which + "done" + time);
        }
    }

    private void line(String text) {
        out.println("    " + text);
    }

    private void command(String which, CommandReport report, String time) {
        line(which + TerminalText.line(report.ending()) + time);
        List<String> last = report.last(report.good() ? OF_GOOD : OF_FAILED);
        last.forEach(this::quoted);
        leftOut(report.total() - last.size(), "before", report.kept());
    }

    // What a command or a patch says is marked as such: it may look like a line of this program's.
    private void quoted(String line) {
        line("| " + TerminalText.cutAtWord(TerminalText.of(line.stripTrailing()), WIDTH));
    }

    private void leftOut(long lines, String where, boolean kept) {
        if (lines > 0) {
            line("[" + TerminalText.number(lines) + (lines == 1 ? " line " : " lines ") + where + "; log --full shows "
                    + (kept ? "all]" : "the first and the last of them]"));
        }
    }

    private void patch(String which, ToolCall call, String time) {
        PatchText patch = PatchText.of(argument(call, "input"));
        if (patch.files().isEmpty()) {
            line(which + "done" + time);
            return;
        }
        line(which + String.join(", ", patch.files()) + time);
        if (!asked.contains(call.callId())) {
            patch.lines().stream().limit(OF_PATCH).forEach(this::quoted);
            leftOut(patch.lines().size() - OF_PATCH, "more", true);
        }
    }

    /** What a call does, in one line. */
    public static String title(ToolCall call) {
        return TerminalText.cutAtWord(
                TerminalText.line(
                        switch (call.name()) {
                            case COMMAND -> "$ " + argument(call, "command");
                            case PATCH -> PATCH + " " + patchedFiles(argument(call, "input"));
                            default -> call.name() + " " + call.arguments();
                        }),
                WIDTH);
    }

    private static String argument(ToolCall call, String name) {
        try {
            return call.argument(name).orElse("");
        } catch (IllegalArgumentException e) {
            return call.arguments();
        }
    }

    private static String patchedFiles(String patch) {
        return patch.lines()
                .filter(line -> line.matches("\\*\\*\\* (Add|Delete|Update) File: .*"))
                .map(line -> line.substring(line.indexOf(':') + 2))
                .collect(Collectors.joining(", "));
    }
}
