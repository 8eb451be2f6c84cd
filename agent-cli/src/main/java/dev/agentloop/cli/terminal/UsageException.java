package dev.agentloop.cli.terminal;

/** The command line is wrong. The message says what and how to do it right, in one line. */
public final class UsageException extends RuntimeException {
    private static final long serialVersionUID = 1L;

    public UsageException(String message) {
        super(message);
    }
}
