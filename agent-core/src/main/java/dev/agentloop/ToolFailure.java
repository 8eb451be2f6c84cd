package dev.agentloop;

import dev.agentloop.internal.HostFailure;

/**
 * Says what the model is told of a tool that threw: the place to map an exception to words it can use, or to hide what is none
 * of its business.
 *
 * <p>Called on the tool's thread, for each call that threw, whatever it was, {@code Error}s included; timeouts,
 * cancellations and refusals are not among them. The exception is logged with its stack, and is in
 * {@link AgentEvent.ToolEnded}, whatever is answered here. If this throws or answers null, the model is told only that the
 * tool failed. Thread-safe.
 */
@FunctionalInterface
public interface ToolFailure {

    /** Names the tool, the type of the exception and its message: {@code read_report failed: java.io.IOException: disk full}. */
    ToolFailure WITH_MESSAGE =
            (call, failure) -> ToolOutput.error(call.name() + " failed: " + HostFailure.words(failure));

    /** Says only that the tool failed, for tools whose exceptions may hold what the model must not see. */
    ToolFailure WITHOUT_MESSAGE = (call, failure) -> ToolOutput.error(call.name() + " failed; the reason was logged");

    /** What the model reads as the output of the call. */
    ToolOutput output(ToolCall call, Throwable failure);
}
