package dev.agentloop.cli.commands;

import dev.agentloop.Compactor;
import dev.agentloop.Conversation;
import dev.agentloop.ModelException;
import dev.agentloop.RunOptions;
import dev.agentloop.cli.events.Progress;
import dev.agentloop.cli.terminal.Console;
import dev.agentloop.cli.terminal.TerminalText;
import dev.agentloop.spi.StoreException;
import java.io.PrintStream;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/** Shortens the prompt of a talk because the user asks for it, and takes that back. Cancelled on any thread. */
final class ChatCompaction {
    private final Conversation conversation;
    private final Console console;
    private final PrintStream err;
    private @Nullable Thread working;

    ChatCompaction(Conversation conversation, Console console) {
        this.conversation = conversation;
        this.console = console;
        this.err = console.err();
    }

    /** Shortens the prompt; says before what that may use, and afterwards what came of it. */
    void compact() {
        work(Thread.currentThread());
        try {
            Optional<Compactor.Completed> done =
                    conversation.compact(RunOptions.listeningWith(new Progress(console, Progress.Kind.TALK)));
            if (done.isEmpty()) {
                err.println("there is nothing to gain: the prompt is as short as it can be made");
            }
        } catch (InterruptedException e) {
            err.println(TerminalText.line(String.valueOf(e.getMessage())));
        } catch (IllegalStateException | ModelException | StoreException e) {
            err.println("agent: " + TerminalText.line(String.valueOf(e.getMessage())));
        } finally {
            work(null);
        }
    }

    private synchronized void work(@Nullable Thread thread) {
        working = thread;
        if (thread == null) {
            // A cancellation that came too late must not end the talk.
            boolean unused = Thread.interrupted();
        }
    }

    /** Ends a compaction that is under way; false if there is none. */
    synchronized boolean cancel() {
        if (working == null) {
            return false;
        }
        working.interrupt();
        return true;
    }

    /** Takes the newest compaction back. */
    void undo() {
        try {
            conversation.undoCompaction();
            err.println("the compaction was taken back; the prompt has "
                    + conversation.prompt().size() + " items");
        } catch (IllegalStateException | StoreException e) {
            err.println("agent: " + TerminalText.line(String.valueOf(e.getMessage())));
        }
    }
}
