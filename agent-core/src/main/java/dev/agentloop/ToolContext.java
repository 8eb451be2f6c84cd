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

    /** The id of the call that is running, as the model sees it. */
    String callId();

    /**
     * A number that grows whenever another owner takes the conversation over. What a tool changes can refuse a lower number
     * than it has seen: so an owner that was thought dead changes nothing any more. 0 outside of a turn.
     */
    default long fencingToken() {
        return 0;
    }

    /**
     * A key of this call that stays the same however often it is run, after a crash and on another machine, and that no other
     * call has: tenant, conversation, and the version of the call's entry in the log. What a tool changes can know by it that it
     * was asked before. The call id is no such key, since servers use ids again.
     */
    default String idempotencyKey() {
        return conversation() + "/" + callId();
    }

    /** Whether the run was cancelled; the tool's thread is interrupted as well. */
    boolean cancelled();

    /** Tells the listener what the tool is doing, such as a piece of a command's output. Never blocks for long, never throws. */
    void progress(String text);

    /** What the host gave with {@link RunOptions#context}, such as tenant and user. */
    Map<String, String> attributes();

    /** The whole text of an earlier output of this conversation that was cut; empty if it was not. */
    Optional<String> fullOutput(String callId);
}
