package dev.agentloop.cli.commands;

import dev.agentloop.AgentLoop;
import dev.agentloop.Conversation;
import dev.agentloop.Model;
import dev.agentloop.Outcome;
import dev.agentloop.ToolCall;
import dev.agentloop.cli.agent.AlwaysRule;
import dev.agentloop.cli.agent.AskedFolder;
import dev.agentloop.cli.agent.Session;
import dev.agentloop.cli.events.ToolLines;
import dev.agentloop.cli.options.Options;
import dev.agentloop.cli.store.ConversationRef;
import dev.agentloop.cli.terminal.Console;
import dev.agentloop.cli.terminal.Interrupts;
import dev.agentloop.cli.terminal.TerminalText;
import dev.agentloop.cli.terminal.UsageException;
import dev.agentloop.spi.ConversationStore;
import java.util.ArrayList;
import java.util.Iterator;
import java.util.List;
import java.util.Set;
import java.util.function.Function;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;

/** Approves or refuses a call that awaits a decision, and goes on with the conversation as exec does. */
public final class DecideCommand {
    private static final String DENY = "deny";

    private final Console console;
    private final Options options;
    private final Words words;
    private final Function<String, Model> models;
    private final Interrupts interrupts;

    /** What the command line says beside the options that exec has, too. */
    private record Words(
            boolean approved,
            boolean run,
            String reason,
            @Nullable String always,
            List<String> others) {

        static Words of(String command, List<String> words) {
            boolean run = true;
            String reason = null;
            String always = null;
            List<String> others = new ArrayList<>();
            for (Iterator<String> rest = words.iterator(); rest.hasNext(); ) {
                String word = rest.next();
                if (word.equals("--no-run")) {
                    run = false;
                } else if (word.equals("--reason")) {
                    reason = rest.hasNext() ? rest.next() : "";
                } else if (word.startsWith("--reason=")) {
                    reason = word.substring(word.indexOf('=') + 1);
                } else if (word.equals("--always")) {
                    always = "";
                } else if (word.startsWith("--always=")) {
                    always = word.substring(word.indexOf('=') + 1);
                } else {
                    others.add(word);
                }
            }
            if (always != null && command.equals(DENY)) {
                throw new UsageException("--always belongs to approve");
            }
            if (reason != null && (reason.isEmpty() || !command.equals(DENY))) {
                throw new UsageException(command.equals(DENY) ? "--reason needs a value" : "--reason belongs to deny");
            }
            return new Words(!command.equals(DENY), run, reason == null ? "" : reason, always, others);
        }
    }

    private DecideCommand(
            Console console, Options options, Words words, Function<String, Model> models, Interrupts interrupts) {
        this.console = console;
        this.options = options;
        this.words = words;
        this.models = models;
        this.interrupts = interrupts;
    }

    /**
     * The command in these words.
     *
     * @param command {@code approve} or {@code deny}
     * @throws UsageException if they are none
     */
    public static DecideCommand parse(
            Console console,
            String command,
            List<String> arguments,
            Function<String, Model> models,
            Interrupts interrupts) {
        Words words = Words.of(command, arguments);
        Options options = Options.parse(command, words.others(), console.environment());
        if (options.words().isEmpty() || options.words().size() > 2) {
            throw new UsageException(command + " needs a conversation's id and, where several calls wait, the call's;"
                    + " approvals lists them");
        }
        return new DecideCommand(console, options, words, models, interrupts);
    }

    /** Decides, goes on unless it is not to, and gives the exit code. */
    public int run() {
        if (words.run()) {
            try (Session session = Session.open(options, console.environment(), models, null)) {
                return decide(session.store(), session.conversation())
                        ? new ExecCommand(console, options, models, interrupts).goOn(session, "")
                        : ExitCode.FAILED;
            }
        }
        try (ConversationStore store = options.store().open(console.environment());
                AgentLoop reader = Session.reader(store)) {
            String id = ConversationRef.resolve(
                    store, options.store(), options.words().get(0));
            Conversation conversation = reader.resume(id);
            boolean decided = decide(store, conversation);
            if (decided) {
                tellHowToGoOn(conversation);
            }
            return decided ? ExitCode.FINISHED : ExitCode.FAILED;
        }
    }

    private boolean decide(ConversationStore store, Conversation conversation) {
        Outcome.Pending question = question(Approvals.open(store, conversation), store, conversation);
        if (question == null) {
            return false;
        }
        // Whoever refuses a call may do it from anywhere, unless the run that follows takes up others.
        if (words.approved() || words.run() && conversation.awaitingApproval().size() > 1) {
            AskedFolder.check(store, conversation, options.folder());
        }
        String always = words.always();
        String rule = always == null ? "" : rule(question, always);
        try {
            if (!rule.isEmpty()) {
                conversation.approve(question, rule);
            } else if (words.approved()) {
                conversation.approve(question);
            } else {
                conversation.deny(question, words.reason());
            }
        } catch (IllegalStateException e) {
            // Somebody else was faster.
            console.err().println("agent: " + TerminalText.line(String.valueOf(e.getMessage())));
            tellHowToGoOn(conversation);
            return false;
        }
        console.err()
                .println((words.approved() ? "approved: " : "refused: ") + TerminalText.line(question.callId()) + " "
                        + ToolLines.title(ToolCall.function(question.callId(), question.tool(), question.arguments())));
        if (!rule.isEmpty()) {
            console.err().println("always allowed in this conversation: " + TerminalText.line(rule));
        }
        return true;
    }

    private String rule(Outcome.Pending question, String prefix) {
        try {
            return AlwaysRule.of(question, prefix, options.folder());
        } catch (IllegalArgumentException e) {
            throw new UsageException("--always: " + e.getMessage());
        }
    }

    private Outcome.@Nullable Pending question(
            List<Outcome.Pending> open, ConversationStore store, Conversation conversation) {
        String wanted = options.words().size() == 2 ? options.words().get(1) : null;
        List<Outcome.Pending> meant = open.stream()
                .filter(question -> wanted == null || question.callId().equals(wanted))
                .toList();
        if (meant.size() == 1) {
            return meant.get(0);
        }
        Set<Long> taken = Approvals.decided(store, conversation.id());
        List<String> decided = conversation.awaitingApproval().stream()
                .filter(question -> taken.contains(question.call()))
                .map(Outcome.Pending::callId)
                .toList();
        if (wanted == null ? open.isEmpty() && !decided.isEmpty() : decided.contains(wanted)) {
            String calls = wanted == null ? String.join(", ", decided) : wanted;
            console.err()
                    .println("agent: call " + TerminalText.line(calls) + " of conversation " + conversation.id()
                            + " was decided already, and the first decision holds");
            tellHowToGoOn(conversation);
            return null;
        }
        String waiting = open.stream().map(Outcome.Pending::callId).collect(Collectors.joining(", "));
        throw new UsageException(
                meant.size() > 1
                        ? "several calls of conversation " + conversation.id() + " await a decision: " + waiting
                                + "; say which"
                        : "no call " + (wanted == null ? "" : TerminalText.line(wanted) + " ") + "of conversation "
                                + conversation.id() + " awaits a decision; "
                                + (open.isEmpty() ? "none does" : "these do: " + waiting));
    }

    private void tellHowToGoOn(Conversation conversation) {
        console.tell("to go on:", options.resumeCommand(console.program(), "exec", conversation.id()));
    }
}
