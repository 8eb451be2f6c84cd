package dev.agentloop.examples.cli;

import dev.agentloop.Conversation;
import dev.agentloop.Model;
import dev.agentloop.ModelException;
import dev.agentloop.Outcome;
import dev.agentloop.RunOptions;
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
final class ChatCommand {
    private static final String COMMANDS = """
              what you type is a message; while the agent works, it reads it before its next step
              /cancel  ends what it is doing    /id    how to go on later
              /quit    ends the talk            /help  says this
              /compact shortens the prompt      /undo-compact  takes that back
            """;

    private static final String COMPACT = "/compact";
    private static final String UNDO = "/undo-compact";

    private final Console console;
    private final Options options;
    private final Function<String, Model> models;
    private final Interrupts interrupts;
    private final ChatApprover approver;
    private final BlockingQueue<Line> lines = new LinkedBlockingQueue<>();
    private volatile boolean running;

    /** What was typed, or that nothing more will be. */
    private record Line(String text, boolean end) {
        static final Line END = new Line("", true);
    }

    ChatCommand(Console console, Options options, Function<String, Model> models, Interrupts interrupts) {
        this.console = console;
        this.options = options;
        this.models = models;
        this.interrupts = interrupts;
        this.approver = new ChatApprover(console.err(), options.folder());
    }

    /** Talks until the user ends it, and gives the exit code. */
    int run() {
        try (Session session = Session.open(options, console.environment(), models, approver)) {
            Conversation conversation = session.conversation();
            AskedFolder.check(session.store(), conversation, options.folder());
            console.err()
                    .println("conversation " + conversation.id() + ", " + TerminalText.line(session.model())
                            + "; /help says more");
            session.tellServers(console.err());
            ChatCompaction compaction = new ChatCompaction(conversation, console);
            interrupts.ask(() -> interrupted(conversation, compaction));
            if (!options.prompt().isEmpty()) {
                lines.add(new Line(options.prompt(), false));
            }
            Thread keyboard = new Thread(() -> read(conversation, compaction), "keyboard");
            keyboard.setDaemon(true);
            keyboard.start();
            talk(conversation, compaction);
            if (conversation.version() > 0) {
                tellId(conversation);
            }
            return interrupts.received() ? interrupts.exitCode() : Main.FINISHED;
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            return interrupts.exitCode();
        }
    }

    private void talk(Conversation conversation, ChatCompaction compaction) throws InterruptedException {
        while (true) {
            console.err().print("> ");
            Line line = lines.take();
            if (line.end()) {
                return;
            }
            switch (line.text()) {
                case COMPACT -> compaction.compact();
                case UNDO -> compaction.undo();
                default -> answer(conversation, line.text());
            }
        }
    }

    private void answer(Conversation conversation, String message) {
        running = true;
        try {
            Outcome outcome = conversation.run(
                    message,
                    RunOptions.listeningWith(new ChatScreen(console)).withDelivery(RunOptions.Delivery.DIRECT));
            if (!(outcome instanceof Outcome.Finished)) {
                console.err().println(TerminalText.line(outcome.describe()));
            }
        } catch (ModelException | StoreException | Conversation.BusyException e) {
            console.err().println("agent: " + TerminalText.line(String.valueOf(e.getMessage())));
        } finally {
            running = false;
            interrupts.reset();
        }
    }

    private void interrupted(Conversation conversation, ChatCompaction compaction) {
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
        } else if (!line.isBlank() && !approver.take(line)) {
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
        console.err().println("to go on: " + options.resumeCommand(console.program(), "chat", conversation.id()));
    }
}
