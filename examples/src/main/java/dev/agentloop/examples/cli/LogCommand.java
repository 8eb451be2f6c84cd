package dev.agentloop.examples.cli;

import dev.agentloop.spi.ConversationStore;
import dev.agentloop.spi.LogEntry;
import java.util.List;

/** Prints a conversation: for a person, or as data. */
final class LogCommand {
    /** How many entries are in memory at a time. */
    private static final int PAGE = 50;

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
            long shown = 0;
            // Whoever reads may have read enough, as head and less have.
            while (!console.out().checkError()) {
                List<LogEntry> page = store.read(id, shown, PAGE);
                if (page.isEmpty()) {
                    view.end(store.inbox(id));
                    return Main.FINISHED;
                }
                page.forEach(view::show);
                shown = page.get(page.size() - 1).version();
            }
            return Main.FAILED;
        }
    }
}
