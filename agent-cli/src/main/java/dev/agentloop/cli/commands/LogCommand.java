package dev.agentloop.cli.commands;

import dev.agentloop.cli.log.LogJson;
import dev.agentloop.cli.log.LogText;
import dev.agentloop.cli.log.LogView;
import dev.agentloop.cli.options.ReadOptions;
import dev.agentloop.cli.store.ConversationRef;
import dev.agentloop.cli.terminal.Console;
import dev.agentloop.spi.ConversationStore;
import java.io.PrintStream;

/** Prints a conversation: for a person, or as data. */
public final class LogCommand {
    private final Console console;
    private final ReadOptions options;

    public LogCommand(Console console, ReadOptions options) {
        this.console = console;
        this.options = options;
    }

    /** Prints it and gives the exit code. */
    public int run() {
        PrintStream out = options.json() ? console.data() : console.out();
        try (ConversationStore store = options.store().open(console.environment())) {
            String id = ConversationRef.resolve(store, options.store(), options.conversation());
            LogView view = options.json() ? new LogJson(out) : new LogText(out, options);
            // Whoever reads may have read enough, as head and less have.
            store.stream(id, 0).takeWhile(entry -> !out.checkError()).forEach(view::show);
            if (out.checkError()) {
                return ExitCode.FAILED;
            }
            view.end(store.inbox(id));
            return ExitCode.FINISHED;
        }
    }
}
