package dev.agentloop.examples.cli;

import dev.agentloop.AgentEvent;
import dev.agentloop.AgentListener;
import dev.agentloop.Compactor;
import dev.agentloop.Item;
import dev.agentloop.PrefixCache;
import dev.agentloop.ToolCall;
import dev.agentloop.Usage;
import java.io.PrintStream;
import java.util.HashSet;
import java.util.Set;
import java.util.stream.Collectors;

/** Tells a person what a run does, one short line for each thing. Used by the thread that runs. */
final class Progress implements AgentListener {
    private static final int WIDTH = 160;
    /** From how many per cent of the window on it is told how full it is. */
    private static final int FULL = 70;

    private final PrintStream out;
    private final Set<String> running = new HashSet<>();
    private String said = "";
    private String used = "";
    private boolean compacted;
    private PrefixCache.Report prefix = new PrefixCache.Report(0, 0, 0, 0, null, null, false);

    Progress(PrintStream out) {
        this.out = out;
    }

    @Override
    public void onEvent(AgentEvent event) {
        if (event instanceof AgentEvent.StepStarted e) {
            tellUsed();
            prefix = e.prefix();
            out.println("step " + e.step());
        } else if (event instanceof AgentEvent.ItemAdded e) {
            itemAdded(e.item());
        } else if (event instanceof AgentEvent.ToolStarted e) {
            running.add(e.call().callId());
            out.println("  " + title(e.call()));
        } else if (event instanceof AgentEvent.ToolEnded e) {
            toolEnded(e);
        } else if (event instanceof AgentEvent.StepEnded e) {
            stepEnded(e);
        } else if (event instanceof AgentEvent.CacheUsed e && e.verdict().miss() != PrefixCache.Miss.NONE) {
            out.println("  cache: " + TerminalText.line(e.verdict().describe()));
        } else if (event instanceof AgentEvent.Retrying e) {
            out.println("  try " + e.attempt() + " failed, another one in " + TerminalText.time(e.delay()) + ": "
                    + TerminalText.line(e.cause()));
        } else if (event instanceof AgentEvent.DuplicateCall e) {
            warn("the model sent the call " + e.callId() + " twice; the second one was dropped");
        } else if (event instanceof AgentEvent.EpochStarted e && e.epoch() > 1 && !compacted) {
            out.println("  the prompt begins anew: " + TerminalText.line(e.reason()));
        } else if (event instanceof AgentEvent.Warning e) {
            warn(e.text());
        } else if (event instanceof AgentEvent.RunEnded) {
            tellUsed();
        } else {
            aboutTheContext(event);
        }
        compacted = event instanceof AgentEvent.Compacted;
    }

    private void aboutTheContext(AgentEvent event) {
        if (event instanceof AgentEvent.ContextMeasured e
                && e.context().tokens() * 100 > e.context().window() * FULL) {
            out.println("  context: "
                    + TerminalText.percent(e.context().tokens(), e.context().window()) + " of "
                    + TerminalText.number(e.context().window()) + " tokens");
        } else if (event instanceof AgentEvent.CompactionStarted e) {
            out.println("  compacting by " + TerminalText.line(e.by()) + ": " + mayUse(e.offer())
                    + "; the prompt behind it is another one, and about " + TerminalText.number(e.missTokens())
                    + " tokens are read anew");
        } else if (event instanceof AgentEvent.CompactionFailed e) {
            warn("compaction by " + e.by() + " failed, and nothing was changed: " + e.cause());
        } else if (event instanceof AgentEvent.Compacted e) {
            out.println("  compacted by " + TerminalText.line(e.by()) + ": "
                    + TerminalText.number(e.before().tokens()) + " tokens before, about "
                    + TerminalText.number(e.after().tokens()) + " after"
                    + (e.usage().total() == 0 ? "" : "; used " + tokens(e.usage())));
        }
    }

    private static String mayUse(Compactor.Offer offer) {
        return offer.equals(Compactor.Offer.FREE) ? "asks no model" : "may use " + tokens(offer.usage());
    }

    // Behind the ends of the step's calls, which may come later than the end of the response.
    private void tellUsed() {
        if (!used.isEmpty()) {
            out.println("  " + used);
            used = "";
        }
    }

    private void warn(String text) {
        out.println("  warning: " + TerminalText.line(text));
    }

    // Whether a message is the answer or a remark on the way to a call is known with what follows it.
    private void itemAdded(Item item) {
        if (item instanceof Item.Message message) {
            said = message.text();
        } else if (item instanceof Item.Call && !said.isBlank()) {
            out.println("  " + TerminalText.line(said));
            said = "";
        }
    }

    private void toolEnded(AgentEvent.ToolEnded event) {
        boolean started = running.remove(event.call().callId());
        String which = started && running.isEmpty() ? "" : title(event.call()) + ": ";
        String text = event.output().text();
        String exit = exitCode(text);
        String how = !exit.isEmpty()
                ? "exit " + TerminalText.line(exit, WIDTH)
                : event.output().error() ? TerminalText.line(text, WIDTH) : "done";
        out.println("    " + which + how + (started ? ", " + TerminalText.time(event.time()) : ""));
    }

    /** The exit code by the first line of a shell command's output; empty for other outputs. */
    private static String exitCode(String output) {
        String mark = "Exit code: ";
        int end = output.indexOf('\n');
        return output.startsWith(mark) ? output.substring(mark.length(), end < 0 ? output.length() : end) : "";
    }

    /** What a call does, in one line. */
    static String title(ToolCall call) {
        return TerminalText.line(
                switch (call.name()) {
                    case "shell_command" -> "$ " + argument(call, "command");
                    case "apply_patch" -> "apply_patch " + patchedFiles(argument(call, "input"));
                    default -> call.name() + " " + call.arguments();
                },
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

    private void stepEnded(AgentEvent.StepEnded event) {
        said = "";
        if (event.broken() != null) {
            out.println("  the response broke off: " + TerminalText.line(event.broken()));
        }
        used = tokens(event.usage()) + reusable();
    }

    private String reusable() {
        PrefixCache.Break broken = prefix.broken();
        if (broken != null) {
            return "; the prompt does not begin as the one before: " + TerminalText.line(prefix.describe());
        }
        return prefix.reusableBytes() == 0
                ? ""
                : "; " + TerminalText.percent(prefix.reusableBytes(), prefix.totalBytes())
                        + " of the prompt as sent before";
    }

    /** Used tokens in words. */
    static String tokens(Usage usage) {
        return (usage.estimated() ? "about " : "") + TerminalText.number(usage.input()) + " tokens in, "
                + TerminalText.percent(usage.cached(), usage.input()) + " of them cached, "
                + TerminalText.number(usage.output()) + " out";
    }
}
