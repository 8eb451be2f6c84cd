package dev.agentloop.mcp;

/**
 * How one server is doing at a moment.
 *
 * @param server its name
 * @param state what it does
 * @param tools how many of its tools the model may be given
 * @param detail why it does not run, without any secret; empty where it does
 */
public record McpStatus(String server, State state, int tools, String detail) {

    /** What a server does. */
    public enum State {
        /** It was started or asked for the first time, and has not answered yet. */
        STARTING,
        /** It answers. */
        RUNNING,
        /** It does not run, and is tried again. */
        RESTARTING,
        /** The host closed it. */
        CLOSED
    }
}
