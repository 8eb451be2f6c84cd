package dev.agentloop.tools;

/** Watches a run from the outside; called on the thread that runs it. */
interface ProcessListener {

    /** Whether the run is to be given up. Asked some fifty times a second, so it must be quick. */
    boolean cancelled();

    /** Receives the next piece of output, never more than 8 KiB, never half a character. */
    void output(String text);
}
