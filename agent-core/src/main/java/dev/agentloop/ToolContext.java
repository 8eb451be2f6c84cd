package dev.agentloop;

import java.util.Map;
import java.util.Optional;

/**
 * What a running tool may know and say; valid until the call returns.
 *
 * <p>Thread-safe: a tool may hand it to threads of its own.
 */
public interface ToolContext {

    /** The id of the conversation. */
    String conversation();

    /** The id of the call that is running. */
    String callId();

    /** Whether the run was cancelled; the tool's thread is interrupted as well. */
    boolean cancelled();

    /** Tells the listener what the tool is doing, such as a piece of a command's output. Never blocks for long, never throws. */
    void progress(String text);

    /** What the host gave with {@link RunOptions#context}, such as tenant and user. */
    Map<String, String> attributes();

    /** The whole text of an earlier output of this conversation that was cut; empty if it was not. */
    Optional<String> fullOutput(String callId);
}
