package dev.agentloop.cli.commands;

import dev.agentloop.AgentEvent;
import dev.agentloop.AgentListener;
import dev.agentloop.Conversation;
import dev.agentloop.Model;
import dev.agentloop.ModelException;
import dev.agentloop.Outcome;
import dev.agentloop.RunOptions;
import dev.agentloop.cli.agent.AskedFolder;
import dev.agentloop.cli.agent.Session;
import dev.agentloop.cli.events.EndingText;
import dev.agentloop.cli.events.JsonEvents;
import dev.agentloop.cli.events.Progress;
import dev.agentloop.cli.log.LastWords;
import dev.agentloop.cli.options.Options;
import dev.agentloop.cli.terminal.Console;
import dev.agentloop.cli.terminal.Interrupts;
import dev.agentloop.cli.terminal.UsageException;
import dev.agentloop.spi.StoreException;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.util.function.Function;

/** One task, from the command line to an exit code. */
public final class ExecCommand {
    private static final String NAME = "exec";

    private final Console console;
    private final Options options;
    private final Function<String, Model> models;
    private final Interrupts interrupts;

    public ExecCommand(Console console, Options options, Function<String, Model> models, Interrupts interrupts) {
        this.console = console;
        this.options = options;
        this.models = models;
        this.interrupts = interrupts;
    }

    /** Runs the task and gives the exit code. */
    public int run() {
        String input = options.prompt().equals("-") ? standardInput() : options.prompt();
        try (Session session = Session.open(options, console.environment(), models, null)) {
            AskedFolder.check(session.store(), session.conversation(), options.folder());
            decide(session.conversation());
            return goOn(session, input);
        }
    }

    /** Runs the conversation of a session that the caller opened and closes; gives the exit code. */
    int goOn(Session session, String input) {
        interrupts.ask(() -> {
            console.interrupted();
            session.conversation().cancel();
        });
        return interrupts.received() ? interrupts.exitCode() : run(session, input);
    }

    private String standardInput() {
        try {
            return new String(console.in().readAllBytes(), StandardCharsets.UTF_8).stripTrailing();
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    private void decide(Conversation conversation) {
        options.decisions().forEach((callId, answer) -> {
            try {
                if (answer.approved()) {
                    conversation.approve(callId);
                } else {
                    conversation.deny(callId, answer.reason());
                }
            } catch (IllegalStateException e) {
                throw new UsageException(String.valueOf(e.getMessage()));
            }
        });
    }

    private int run(Session session, String input) {
        Conversation conversation = session.conversation();
        JsonEvents json = new JsonEvents(console.data());
        Progress progress = new Progress(console, Progress.Kind.TASK);
        AgentListener listener = options.json() ? json : progress;
        if (options.json()) {
            json.opened(conversation.id(), options.store().shown());
            session.tellServers(console.err());
        } else {
            tellStart(session);
        }
        RunOptions run = RunOptions.listeningWith(event -> {
            // A signal that came before there was a run to cancel.
            if (event instanceof AgentEvent.RunStarted && interrupts.received()) {
                conversation.cancel();
            }
            listener.onEvent(event);
        });
        try {
            return report(progress, input.isEmpty() ? conversation.run(run) : conversation.run(input, run));
        } catch (ModelException | StoreException | IllegalStateException e) {
            // The last one: another process runs it, or input came while a call awaits a decision.
            if (options.json()) {
                json.failed(String.valueOf(e.getMessage()));
            }
            console.err().println("agent: " + progress.ending(String.valueOf(e.getMessage())));
            hint(conversation.id(), "to try again:");
            return ExitCode.FAILED;
        }
    }

    private void tellStart(Session session) {
        session.tellStart(console.err(), options, "");
        if (options.resume() != null && console.terminal() != null) {
            Conversation conversation = session.conversation();
            LastWords.of(session.store(), conversation)
                    .tell(console.err(), Approvals.open(session.store(), conversation));
        }
    }

    private int report(Progress progress, Outcome outcome) {
        console.err().println(progress.ending(EndingText.of(outcome)) + "; " + Progress.tokens(outcome.usage()));
        if (outcome instanceof Outcome.Finished) {
            if (!options.json()) {
                console.out().println(outcome.text());
            }
            return ExitCode.FINISHED;
        }
        if (outcome instanceof Outcome.AwaitingApproval awaiting) {
            Approvals.Commands commands =
                    new Approvals.Commands(console.program(), options.repeated(), outcome.conversation());
            for (Outcome.Pending question : awaiting.pending()) {
                Approvals.tell(console, console.err(), commands, question, options.folder());
            }
            return ExitCode.AWAITING_APPROVAL;
        }
        if (EndingText.isFull(outcome)) {
            console.err().println(EndingText.FULL);
            console.tell(
                    " ",
                    options.resumeCommand(console.program(), NAME, outcome.conversation())
                            .with("--model", "NAME"));
        } else {
            hint(outcome.conversation(), "to go on:");
        }
        if (outcome instanceof Outcome.LimitReached) {
            return ExitCode.LIMIT_REACHED;
        }
        return outcome instanceof Outcome.Cancelled ? interrupts.exitCode() : ExitCode.FAILED;
    }

    private void hint(String conversation, String what) {
        console.tell(what, options.resumeCommand(console.program(), NAME, conversation));
    }
}
