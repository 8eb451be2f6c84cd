package dev.agentloop.examples.cli;

import dev.agentloop.AgentEvent;
import java.io.PrintStream;

/** Tries that failed, in one line that counts. What they failed of is told once. Used by the thread that runs. */
final class Tries {
    private final PrintStream out;
    private final StatusLine line;
    private final Causes causes;
    private int failed;

    Tries(PrintStream out, StatusLine line, Causes causes) {
        this.out = out;
        this.line = line;
        this.causes = causes;
    }

    /** A try failed, and another one follows. */
    void failed(AgentEvent.Retrying event) {
        if (!causes.tell(event.cause())) {
            over();
            out.println("  " + TerminalText.line(event.cause()));
        }
        failed = event.attempt();
        line.countDown("try " + failed + " failed, the next one in", event.delay());
    }

    /** The run has failed, and says itself how often it tried. */
    void failedForGood() {
        line.clear();
        failed = 0;
    }

    /** Something else goes on. */
    void over() {
        if (failed > 0) {
            line.end(failed == 1 ? "1 try failed" : failed + " tries failed");
            failed = 0;
        }
    }
}
