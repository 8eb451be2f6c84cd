package dev.agentloop.spi;

/** A store could not do what it was asked. The message says what happened and what to do. */
public final class StoreException extends RuntimeException {
    private static final long serialVersionUID = 1L;

    private final Kind kind;

    /** What went wrong. */
    public enum Kind {
        /** The log does not stand at the expected position: somebody else wrote to it. Nothing was appended. */
        CONFLICT,
        /** Another process is in the middle of writing to the conversation, and does not finish. Nothing was appended. */
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

    /** The refusal of an append to a log that stands at {@code head}; for those who write a store, as are the ones below. */
    public static StoreException conflict(String conversation, LogPosition expected, LogPosition head) {
        return new StoreException(
                Kind.CONFLICT,
                "conversation " + conversation + " stands at version " + head.version()
                        + ", not at the expected version "
                        + expected.version() + (head.version() == expected.version() ? " with this history" : "")
                        + ": somebody else has written to it; resume it to go on from there");
    }

    /** The refusal of an append behind the end of a sealed log. */
    public static StoreException sealed(String conversation, LogPosition head) {
        return new StoreException(
                Kind.SEALED,
                "conversation " + conversation + " was ended for good at version " + head.version()
                        + ": it can be read and forked from an earlier version, not continued");
    }

    /** The refusal of a fork from what is not there. */
    public static StoreException noSuchVersion(String source, LogPosition at) {
        return new StoreException(
                Kind.NOT_FOUND,
                "conversation " + source + " has no version " + at.version() + " with this history to fork from");
    }

    /** The refusal of a fork into a conversation that exists. */
    public static StoreException exists(String target) {
        return new StoreException(Kind.EXISTS, "there is a conversation " + target + " already; fork into a new id");
    }

    /** The refusal of a message for a conversation that does not exist. */
    public static StoreException nowhere(String conversation) {
        return new StoreException(
                Kind.NOT_FOUND, "there is no conversation " + conversation + " in this store to leave a message for");
    }

    /** What went wrong. */
    public Kind kind() {
        return kind;
    }
}
