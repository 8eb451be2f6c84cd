package dev.agentloop.cli.commands;

import dev.agentloop.AgentLoop;
import dev.agentloop.Outcome;
import dev.agentloop.cli.agent.AskedFolder;
import dev.agentloop.cli.agent.Session;
import dev.agentloop.cli.options.Options;
import dev.agentloop.cli.options.ReadOptions;
import dev.agentloop.cli.terminal.Console;
import dev.agentloop.cli.terminal.TerminalText;
import dev.agentloop.spi.ConversationStore;
import dev.agentloop.spi.StoreException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;

/** Lists the calls, of all conversations, that await a decision. */
public final class ApprovalsCommand {
    private static final int PAGE = 100;

    private final Console console;
    private final ReadOptions options;
    private int found;

    public ApprovalsCommand(Console console, ReadOptions options) {
        this.console = console;
        this.options = options;
    }

    /** Lists them and gives the exit code. */
    public int run() {
        try (ConversationStore store = options.store().open(console.environment());
                AgentLoop reader = Session.reader(store)) {
            boolean more = true;
            boolean failed = false;
            String before = "";
            while (more) {
                List<ConversationStore.Listed> page = store.list(before, PAGE);
                for (ConversationStore.Listed one : page) {
                    failed |= !tell(store, reader, one);
                    before = one.conversation();
                }
                more = options.all() && page.size() == PAGE;
            }
            if (found == 0) {
                console.err()
                        .println("no call awaits a decision in "
                                + TerminalText.line(options.store().shown()));
            }
            if (!options.all() && !before.isEmpty() && !store.list(before, 1).isEmpty()) {
                console.err().println("only the newest " + PAGE + " conversations were looked at; --all looks at all");
            }
            return failed ? ExitCode.FAILED : ExitCode.FINISHED;
        }
    }

    // One damaged log must not hide all the others.
    private boolean tell(ConversationStore store, AgentLoop reader, ConversationStore.Listed one) {
        String id = one.conversation();
        try {
            List<Outcome.Pending> waiting = reader.resume(id).awaitingApproval();
            if (waiting.isEmpty()) {
                return true;
            }
            console.out().println("conversation " + id + ", last changed at " + TerminalText.instant(one.changed()));
            AskedFolder asked = AskedFolder.read(store, id);
            Set<Long> decided = Approvals.decided(store, id);
            for (Outcome.Pending question : waiting) {
                Path folder = asked.of(question.call());
                List<String> repeated =
                        new ArrayList<>(folder == null ? List.of() : List.of("--cd", folder.toString()));
                repeated.addAll(options.repeated());
                if (decided.contains(question.call())) {
                    List<String> words = new ArrayList<>(repeated);
                    words.addAll(List.of("--resume", id));
                    console.tell(
                            "  " + TerminalText.line(question.callId())
                                    + " was decided, but no run has taken that up; to go on:",
                            console.out(),
                            Options.commandLine(console.program(), "exec", words));
                } else {
                    Approvals.tell(
                            console,
                            console.out(),
                            new Approvals.Commands(console.program(), repeated, id),
                            question,
                            folder);
                }
                found++;
            }
            return true;
        } catch (StoreException e) {
            console.err().println("agent: " + TerminalText.line(String.valueOf(e.getMessage())));
            return false;
        }
    }
}
