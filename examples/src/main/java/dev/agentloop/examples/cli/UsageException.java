package dev.agentloop.examples.cli;

/** The command line is wrong. The message says what and how to do it right, in one line. */
final class UsageException extends RuntimeException {
    private static final long serialVersionUID = 1L;

    UsageException(String message) {
        super(message);
    }
}
