package dev.agentloop.examples.cli;

import dev.agentloop.spi.ConversationStore;

/** Prints a conversation: for a person, or as data. */
final class LogCommand {
    private final Console console;
    private final ReadOptions options;

    LogCommand(Console console, ReadOptions options) {
        this.console = console;
        this.options = options;
    }

    /** Prints it and gives the exit code. */
    int run() {
        try (ConversationStore store = options.store().open(console.environment())) {
            String id = ConversationRef.resolve(store, options.store(), options.conversation());
            LogView view = options.json() ? new LogJson(console.out()) : new LogText(console.out(), options);
            // Whoever reads may have read enough, as head and less have.
            store.stream(id, 0).takeWhile(entry -> !console.out().checkError()).forEach(view::show);
            if (console.out().checkError()) {
                return Main.FAILED;
            }
            view.end(store.inbox(id));
            return Main.FINISHED;
        }
    }
}
