package dev.agentloop.cli.events;

import dev.agentloop.AgentEvent;
import dev.agentloop.AgentListener;
import dev.agentloop.Item;
import dev.agentloop.Model;
import dev.agentloop.cli.terminal.Console;
import dev.agentloop.cli.terminal.TerminalText;
import java.io.PrintStream;

/** Shows a run as it goes: the model's text letter by letter, all else as {@link Progress} does. */
public final class ChatScreen implements AgentListener {
    private final PrintStream text;
    private final Progress progress;
    private boolean lineOpen;
    private boolean streamed;

    public ChatScreen(Console console) {
        this.text = console.out();
        this.progress = new Progress(console, Progress.Kind.TALK);
    }

    @Override
    public void onEvent(AgentEvent event) {
        if (event instanceof AgentEvent.Delta delta) {
            progress.answering();
            if (delta.kind() == Model.DeltaKind.TEXT) {
                show(delta.text());
            }
            return;
        }
        endLine();
        if (event instanceof AgentEvent.StepStarted) {
            streamed = false;
        }
        if (event instanceof AgentEvent.Retrying && streamed) {
            text.println("[this answer broke off]");
            streamed = false;
        }
        if (event instanceof AgentEvent.ItemAdded added && added.item() instanceof Item.Message message) {
            // A server that does not stream, or sends no deltas, has told nothing so far.
            if (!streamed) {
                show(message.text());
                endLine();
            }
            return;
        }
        progress.onEvent(event);
    }

    /** What is to be said of how the run ended. */
    public String ending(String text) {
        endLine();
        return progress.ending(text);
    }

    private void show(String piece) {
        if (!piece.isEmpty()) {
            text.print(TerminalText.of(piece));
            text.flush();
            lineOpen = !piece.endsWith("\n");
            streamed = true;
        }
    }

    private void endLine() {
        if (lineOpen) {
            text.println();
            lineOpen = false;
        }
    }
}
