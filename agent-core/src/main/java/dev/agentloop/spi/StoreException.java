package dev.agentloop.spi;

/** A store could not do what it was asked. The message says what happened and what to do. */
public final class StoreException extends RuntimeException {
    private static final long serialVersionUID = 1L;

    private final Kind kind;

    /** What went wrong. */
    public enum Kind {
        /** The log does not stand at the expected position: somebody else wrote to it. Nothing was appended. */
        CONFLICT,
        /** Another process has the conversation open for writing. Nothing was appended. */
        LOCKED,
        /** The log was ended on purpose; nothing can follow. Nothing was appended. */
        SEALED,
        /** Another conversation still reads what was to be deleted. Nothing was deleted. */
        IN_USE,
        /** There is no such conversation. */
        NOT_FOUND,
        /** There is a conversation of that id already. */
        EXISTS,
        /** What is stored is not what was written. */
        CORRUPT,
        /** The payload was erased on purpose. */
        ERASED,
        /** The entry was written by a newer version of this library. */
        UNKNOWN_FORMAT,
        /** The store cannot be reached, or cannot write. Nothing was appended. */
        UNAVAILABLE,
        /** Nobody knows whether the append was made. Sending the very same append again settles it. */
        OUTCOME_UNKNOWN
    }

    /** An exception of this kind. */
    public StoreException(Kind kind, String message) {
        super(message);
        this.kind = kind;
    }

    /** An exception of this kind, with its cause. */
    public StoreException(Kind kind, String message, Throwable cause) {
        super(message, cause);
        this.kind = kind;
    }

    /** What went wrong. */
    public Kind kind() {
        return kind;
    }
}
