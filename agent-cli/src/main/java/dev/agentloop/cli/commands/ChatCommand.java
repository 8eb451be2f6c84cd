package dev.agentloop.cli.commands;

import dev.agentloop.Conversation;
import dev.agentloop.Model;
import dev.agentloop.ModelException;
import dev.agentloop.Outcome;
import dev.agentloop.RunOptions;
import dev.agentloop.cli.agent.AskedFolder;
import dev.agentloop.cli.agent.Session;
import dev.agentloop.cli.events.ChatScreen;
import dev.agentloop.cli.events.EndingText;
import dev.agentloop.cli.log.LastWords;
import dev.agentloop.cli.options.Options;
import dev.agentloop.cli.terminal.Console;
import dev.agentloop.cli.terminal.Interrupts;
import dev.agentloop.cli.terminal.TerminalText;
import dev.agentloop.spi.StoreException;
import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStreamReader;
import java.nio.charset.StandardCharsets;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.function.Function;

/**
 * A talk. This thread runs the conversation, another one reads what is typed: an answer where something was asked, a
 * command, more input for the run that is under way, or else the next message.
 */
public final class ChatCommand {
    private static final String COMMANDS = """
              what you type is a message; while the agent works, it reads it before its next step
              /cancel  ends what it is doing    /id    how to go on later
              /quit    ends the talk            /help  says this
              /compact shortens the prompt      /undo-compact  takes that back
              Enter alone goes on with what was not finished
            """;

    private static final String GOES_ON = "Enter goes on";

    private static final String COMPACT = "/compact";
    private static final String UNDO = "/undo-compact";

    private final Console console;
    private final Options options;
    private final Function<String, Model> models;
    private final Interrupts interrupts;
    private final ChatApprover approver;
    private final ChatScreen screen;
    private final BlockingQueue<Line> lines = new LinkedBlockingQueue<>();
    private volatile boolean running;
    private boolean unfinished;
    private String first = "";

    /** What was typed, or that nothing more will be. */
    private record Line(String text, boolean end) {
        static final Line END = new Line("", true);
    }

    public ChatCommand(Console console, Options options, Function<String, Model> models, Interrupts interrupts) {
        this.console = console;
        this.options = options;
        this.models = models;
        this.interrupts = interrupts;
        this.approver = new ChatApprover(console.err(), options.folder());
        this.screen = new ChatScreen(console);
    }

    /** Talks until the user ends it, and gives the exit code. */
    public int run() {
        try (Session session = Session.open(options, console.environment(), models, approver)) {
            Conversation conversation = session.conversation();
            AskedFolder.check(session.store(), conversation, options.folder());
            tellStart(session);
            ChatCompaction compaction = new ChatCompaction(conversation, console);
            interrupts.ask(() -> interrupted(conversation, compaction));
            if (!options.prompt().isEmpty()) {
                lines.add(new Line(options.prompt(), false));
                first = options.prompt();
            }
            Thread keyboard = new Thread(() -> read(conversation, compaction), "keyboard");
            keyboard.setDaemon(true);
            keyboard.start();
            talk(conversation, compaction);
            console.freshLine();
            if (conversation.version() > 0) {
                tellId(conversation);
            }
            return interrupts.received() ? interrupts.exitCode() : ExitCode.FINISHED;
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            return interrupts.exitCode();
        }
    }

    private void tellStart(Session session) {
        session.tellStart(console.err(), options, "; /help says more");
        if (options.resume() != null) {
            LastWords last = LastWords.of(session.store(), session.conversation());
            last.tell(console.err(), Approvals.open(session.store(), session.conversation()));
            unfinished = last.unfinished();
            if (unfinished) {
                console.err().println("  " + GOES_ON);
            }
        }
    }

    private void talk(Conversation conversation, ChatCompaction compaction) throws InterruptedException {
        while (true) {
            console.err().print("> ");
            console.err().flush();
            // As if it had been typed.
            if (!first.isEmpty()) {
                console.err().println(TerminalText.line(first));
                first = "";
            }
            Line line = lines.take();
            if (line.end()) {
                return;
            }
            switch (line.text()) {
                case COMPACT -> compaction.compact();
                case UNDO -> compaction.undo();
                case "" -> goOn(conversation);
                default -> answer(run -> conversation.run(line.text(), run));
            }
        }
    }

    private void goOn(Conversation conversation) {
        if (unfinished) {
            answer(conversation::run);
        }
    }

    private void answer(Function<RunOptions, Outcome> talk) {
        running = true;
        unfinished = true;
        try {
            Outcome outcome = talk.apply(RunOptions.listeningWith(screen).withDelivery(RunOptions.Delivery.DIRECT));
            unfinished = !(outcome instanceof Outcome.Finished);
            if (unfinished) {
                tellEnding(outcome);
            }
        } catch (ModelException | StoreException | IllegalStateException e) {
            console.err().println("agent: " + screen.ending(String.valueOf(e.getMessage())));
            console.err().println(GOES_ON);
        } finally {
            running = false;
            interrupts.reset();
        }
    }

    private void tellEnding(Outcome outcome) {
        String text = screen.ending(EndingText.of(outcome));
        if (EndingText.isFull(outcome)) {
            console.err().println(text);
            console.err().println(EndingText.FULL);
            console.tell(
                    " ",
                    options.resumeCommand(console.program(), "chat", outcome.conversation())
                            .with("--model", "NAME"));
        } else {
            console.err().println(text + "; " + GOES_ON);
        }
    }

    private void interrupted(Conversation conversation, ChatCompaction compaction) {
        console.interrupted();
        if (compaction.cancel()) {
            interrupts.reset();
        } else if (running) {
            conversation.cancel();
        } else {
            lines.add(Line.END);
        }
    }

    private void read(Conversation conversation, ChatCompaction compaction) {
        try (BufferedReader in = new BufferedReader(new InputStreamReader(console.in(), StandardCharsets.UTF_8))) {
            for (String line = in.readLine(); line != null; line = in.readLine()) {
                console.lineTyped();
                typed(conversation, compaction, line);
            }
        } catch (IOException e) {
            console.err().println("agent: the input broke off: " + TerminalText.line(String.valueOf(e.getMessage())));
        }
        approver.close();
        lines.add(Line.END);
    }

    private void typed(Conversation conversation, ChatCompaction compaction, String line) {
        if (line.startsWith("/")) {
            command(conversation, compaction, line.strip());
        } else if (line.isBlank()) {
            if (!running) {
                lines.add(new Line("", false));
            }
        } else if (!approver.take(line)) {
            if (conversation.steer(line)) {
                console.err().println("  it is told before its next step");
            } else {
                lines.add(new Line(line, false));
            }
        }
    }

    private void command(Conversation conversation, ChatCompaction compaction, String command) {
        switch (command) {
            case "/help" -> console.err().print(COMMANDS);
            case "/id" -> tellId(conversation);
            case COMPACT, UNDO -> {
                if (running) {
                    console.err()
                            .println("it is working; when it is done, or after /cancel, " + command + " can be done");
                } else {
                    lines.add(new Line(command, false));
                }
            }
            case "/cancel" -> {
                compaction.cancel();
                conversation.cancel();
            }
            case "/quit" -> {
                lines.clear();
                lines.add(Line.END);
                compaction.cancel();
                conversation.cancel();
            }
            default ->
                console.err().println("there is no command " + TerminalText.line(command) + "; /help lists them");
        }
    }

    private void tellId(Conversation conversation) {
        console.tell("to go on:", options.resumeCommand(console.program(), "chat", conversation.id()));
    }
}
