package dev.agentloop.internal;

/** Makes of what the host's code threw what can go up through this library. */
public final class HostFailure {
    private HostFailure() {}

    /** The same where it may be thrown anywhere; a checked exception, which other languages throw anywhere, in another one. */
    public static RuntimeException of(String what, Throwable failure) {
        if (failure instanceof Error error) {
            throw error;
        }
        return failure instanceof RuntimeException plain
                ? plain
                : new IllegalStateException(what + " threw " + failure + ", which it does not declare", failure);
    }

    /** What a failure is called where only one line is to be had. */
    public static String words(Throwable failure) {
        String message = failure.getMessage();
        String type = failure.getClass().getName();
        return message == null || message.isBlank() ? type : type + ": " + message;
    }
}
