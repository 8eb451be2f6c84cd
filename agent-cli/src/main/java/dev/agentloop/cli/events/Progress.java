package dev.agentloop.cli.events;

import dev.agentloop.AgentEvent;
import dev.agentloop.AgentListener;
import dev.agentloop.Compactor;
import dev.agentloop.Item;
import dev.agentloop.Outcome;
import dev.agentloop.PrefixCache;
import dev.agentloop.Usage;
import dev.agentloop.cli.terminal.Console;
import dev.agentloop.cli.terminal.StatusLine;
import dev.agentloop.cli.terminal.TerminalText;
import java.io.PrintStream;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import org.jspecify.annotations.Nullable;

/** Tells a person what runs do, one short line for each thing, one cause once. Used by the thread that runs. */
public final class Progress implements AgentListener {
    /** From how many per cent of the window on it is told how full it is. */
    private static final int FULL = 70;

    private final PrintStream out;
    private final Causes causes = new Causes();
    private final Kind kind;
    private final StatusLine line;
    private final ToolLines tools;
    private String said = "";
    private String used = "";
    private @Nullable String broken;
    private int failedTries;
    private boolean stepOpen;
    private boolean firstStep;
    private boolean compacted;
    private boolean cacheReported;
    private boolean cacheTold;
    private PrefixCache.Report prefix = new PrefixCache.Report(0, 0, 0, 0, null, null, false);

    /** What the runs are part of. */
    public enum Kind {
        /** A talk, which shows the model's text itself, and asks questions. */
        TALK,
        /** A task, after which it is said what it took. */
        TASK,
        /** A demonstration. */
        SHOW
    }

    /** What went wrong and was told: one cause is told once, and what is said of it later names it only. */
    private static final class Causes {
        private static final String ABOVE = "as said above";

        private final List<List<String>> told = new ArrayList<>();

        /** Forgets what was told: it stands too far above. */
        void forget() {
            told.clear();
        }

        /** Whether this was told; from now on it was. */
        boolean tell(String cause) {
            List<String> words = words(cause);
            boolean known = told.stream().anyMatch(before -> indexOf(words, before) >= 0);
            if (!known && !words.isEmpty()) {
                told.add(words);
            }
            return known;
        }

        /** The message without a cause that was told; all of it is told from now on. */
        String rest(String message) {
            List<String> words = words(message);
            for (List<String> before : told) {
                int at = indexOf(words, before);
                if (at >= 0) {
                    String[] all = plain(message).split("\\s+");
                    String head = String.join(" ", Arrays.copyOf(all, at));
                    String tail = String.join(" ", Arrays.copyOfRange(all, at + before.size(), all.length));
                    if (head.isEmpty() && !tail.isEmpty()) {
                        return tail;
                    }
                    return (head + " " + ABOVE + (tail.isEmpty() ? "" : ". " + tail)).strip();
                }
            }
            tell(message);
            return message;
        }

        // Numbers and the id of the request differ from one try to the next.
        private static List<String> words(String text) {
            return List.of(plain(text).replaceAll("\\d+", "#").split("\\s+"));
        }

        private static String plain(String text) {
            return text.strip().replaceAll("\\s*\\(request [^)]*\\)", "");
        }

        private static int indexOf(List<String> words, List<String> part) {
            for (int i = 0; i + part.size() <= words.size(); i++) {
                if (words.subList(i, i + part.size()).equals(part)) {
                    return i;
                }
            }
            return -1;
        }
    }

    public Progress(Console console, Kind kind) {
        this(console.err(), console.statusLine(), kind);
    }

    public Progress(PrintStream out, StatusLine line, Kind kind) {
        this.kind = kind;
        this.out = out;
        this.line = line;
        this.tools = new ToolLines(out);
    }

    @Override
    public void onEvent(AgentEvent event) {
        if (event instanceof AgentEvent.Retrying e) {
            tryFailed(e);
            return;
        }
        // A step that has failed ends before it is known whether that was the last try.
        if (!(event instanceof AgentEvent.StepEnded)) {
            triesOver();
        }
        if (event instanceof AgentEvent.RunStarted) {
            begin();
        } else if (event instanceof AgentEvent.RunEnded e) {
            ended(e.outcome());
        } else {
            tellBroken();
            aboutTheStep(event);
        }
        compacted = event instanceof AgentEvent.Compacted;
    }

    // Tries that failed are one line that counts.
    private void tryFailed(AgentEvent.Retrying event) {
        if (!causes.tell(event.cause())) {
            triesOver();
            out.println("  " + TerminalText.line(event.cause()));
        }
        failedTries = event.attempt();
        line.countDown("try " + failedTries + " failed, the next one in", event.delay());
    }

    private void triesOver() {
        if (failedTries > 0) {
            line.end(failedTries == 1 ? "1 try failed" : failedTries + " tries failed");
            failedTries = 0;
        }
    }

    private void begin() {
        causes.forget();
        tools.begin();
        broken = null;
        used = "";
        said = "";
    }

    private void aboutTheStep(AgentEvent event) {
        if (event instanceof AgentEvent.StepStarted e) {
            stepStarted(e);
        } else if (event instanceof AgentEvent.ItemAdded e) {
            itemAdded(e.item());
        } else if (event instanceof AgentEvent.ApprovalAsked e) {
            tools.asked(e.question().callId());
        } else if (event instanceof AgentEvent.ToolStarted e) {
            openStep();
            tools.started(e.call());
        } else if (event instanceof AgentEvent.ToolEnded e) {
            openStep();
            tools.ended(e);
        } else if (event instanceof AgentEvent.StepEnded e) {
            stepEnded(e);
        } else if (event instanceof AgentEvent.CacheUsed e) {
            cacheUsed(e.reuse());
        } else if (event instanceof AgentEvent.DuplicateCall e) {
            warn("the model sent the call " + e.callId() + " twice; the second one was dropped");
        } else if (event instanceof AgentEvent.EpochStarted e && e.epoch() > 1 && !compacted) {
            out.println("  the prompt begins again: " + TerminalText.line(e.reason()));
        } else if (event instanceof AgentEvent.Warning e) {
            warn(e.text());
        } else {
            aboutTheContext(event);
        }
    }

    private void aboutTheContext(AgentEvent event) {
        if (event instanceof AgentEvent.ContextMeasured e
                && e.context().tokens() * 100 > e.context().window() * FULL) {
            out.println("  context: "
                    + TerminalText.percent(e.context().tokens(), e.context().window()) + " of "
                    + TerminalText.number(e.context().window()) + " tokens");
        } else if (event instanceof AgentEvent.CompactionStarted e) {
            out.println("  compacting by " + TerminalText.line(e.by()) + ": " + mayUse(e.offer())
                    + "; the prompt after it is another one, and about " + TerminalText.number(e.missTokens())
                    + " tokens are read again");
        } else if (event instanceof AgentEvent.CompactionFailed e) {
            warn("compaction by " + e.by() + " failed, and nothing was changed: " + causes.rest(e.cause()));
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

    private void stepStarted(AgentEvent.StepStarted event) {
        tellUsed();
        prefix = event.prefix();
        firstStep = event.step() == 1;
        stepOpen = !firstStep;
        if (stepOpen) {
            out.println("step " + event.step());
        }
    }

    // A run of one step needs no number: the first one gets it with its first call. In a talk its text stands already.
    private void openStep() {
        if (firstStep && !stepOpen && kind != Kind.TALK) {
            stepOpen = true;
            out.println("step 1");
        }
    }

    // After the ends of the step's calls, which may come later than the end of the response.
    private void tellUsed() {
        if (!used.isEmpty()) {
            out.println("  " + used);
            used = "";
        }
    }

    // Of a server that has never reported a cached token, as many that people run themselves, it is said once.
    private void cacheUsed(PrefixCache.Reuse reuse) {
        cacheReported |= reuse.usage().cached() > 0;
        if (reuse.miss() != PrefixCache.Miss.NONE && (!cacheTold || cacheReported)) {
            cacheTold = true;
            out.println("  cache: " + TerminalText.line(reuse.describe())
                    + (cacheReported ? "" : "; this is said once for a server that reports no cached tokens"));
        }
    }

    // What ends the run says by itself why the response broke off.
    private void tellBroken() {
        String cause = broken;
        broken = null;
        if (cause != null && !causes.tell(cause)) {
            out.println("  the response broke off: " + TerminalText.line(cause));
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
            openStep();
            out.println("  " + TerminalText.line(said));
            said = "";
        }
    }

    private void stepEnded(AgentEvent.StepEnded event) {
        said = "";
        broken = event.broken();
        used = event.usage().total() == 0 ? "" : tokens(event.usage()) + reusable();
    }

    private void ended(Outcome outcome) {
        String cause = broken;
        if (cause != null
                && (outcome instanceof Outcome.Cancelled || outcome.describe().contains(cause))) {
            broken = null;
        }
        tellBroken();
        if (kind != Kind.TASK || !firstStep) {
            tellUsed();
        }
    }

    private String reusable() {
        PrefixCache.Break difference = prefix.broken();
        if (difference != null) {
            return "; the prompt does not begin as the one before: " + TerminalText.line(prefix.describe());
        }
        return prefix.reusableBytes() == 0
                ? ""
                : "; " + TerminalText.percent(prefix.reusableBytes(), prefix.totalBytes()) + " as sent before";
    }

    /** The answer comes in, which somebody else shows. */
    void answering() {
        triesOver();
    }

    /** What is to be said of how a run failed or ended; what was said already is left out. */
    public String ending(String text) {
        line.clear();
        failedTries = 0;
        return TerminalText.line(causes.rest(text));
    }

    /** Used tokens in words. */
    public static String tokens(Usage usage) {
        return (usage.estimated() ? "about " : "") + TerminalText.number(usage.input()) + " tokens in, "
                + TerminalText.percent(usage.cached(), usage.input()) + " of them cached, "
                + TerminalText.number(usage.output()) + " out";
    }
}
