package dev.agentloop.cli.terminal;

import java.io.IOException;
import java.io.OutputStream;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import org.jspecify.annotations.Nullable;

/** The terminal of this process: how wide it is, and where its cursor stands. Thread-safe. */
final class Terminal {
    private final TerminalWidth width;
    private @Nullable TerminalOutput first;

    Terminal(TerminalWidth width) {
        this.width = width;
    }

    /** A stream to it; the first one is that of its progress. */
    synchronized PrintStream stream(OutputStream device) {
        TerminalOutput output = new TerminalOutput(device, width);
        if (first == null) {
            first = output;
        }
        return new PrintStream(output, true, StandardCharsets.UTF_8);
    }

    /** How many columns it has; 0 where nobody knows. */
    int width() {
        return width.getAsInt();
    }

    private interface Action {
        void on(TerminalOutput output) throws IOException;
    }

    // As a print stream does: a terminal that is gone is no reason to end.
    private synchronized void act(Action action) {
        if (first != null) {
            try {
                action.on(first);
            } catch (IOException e) {
                first = null;
            }
        }
    }

    /** Shows a line, over the one that was shown like this before. */
    void writeOver(String line) {
        act(output -> output.writeOver(line));
    }

    /** Clears the line that was written over. */
    void clearLine() {
        act(TerminalOutput::clearLine);
    }

    /** Begins a line, unless one begins already. */
    void freshLine() {
        act(TerminalOutput::freshLine);
    }

    /** Ctrl-C was pressed. */
    void interrupted() {
        act(TerminalOutput::interrupted);
    }

    /** Who typed has begun a line; the window may have another size by now. */
    void lineTyped() {
        act(TerminalOutput::lineTyped);
        width.askAgain();
    }
}
