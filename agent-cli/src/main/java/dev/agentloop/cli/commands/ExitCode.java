package dev.agentloop.cli.commands;

/** How this program ends, for whoever started it. A signal that ended it has codes of its own: those of a shell. */
public final class ExitCode {
    /** The task is done. */
    public static final int FINISHED = 0;
    /** Something went wrong, and was said. */
    public static final int FAILED = 1;
    /** The command line is wrong. */
    public static final int USAGE = 2;
    /** A limit was reached. */
    public static final int LIMIT_REACHED = 3;
    /** Calls await approval. */
    public static final int AWAITING_APPROVAL = 4;

    private ExitCode() {}
}
