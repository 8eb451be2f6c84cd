package dev.agentloop.mcp;

/** What went wrong between this client and a server; the message is fit for the model, but may hold secrets. */
final class ServerException extends Exception {
    private static final long serialVersionUID = 1;

    private final boolean gone;

    private ServerException(String message, boolean gone) {
        super(message);
        this.gone = gone;
    }

    /** The server cannot be reached any more, and has to be started or asked again. */
    static ServerException gone(String message) {
        return new ServerException(message, true);
    }

    /** The server refused one request. */
    static ServerException refused(String message) {
        return new ServerException(message, false);
    }

    /** Whether the server cannot be reached any more. */
    boolean gone() {
        return gone;
    }
}
