package dev.agentloop.internal.tool;

import dev.agentloop.ToolFailure;
import dev.agentloop.internal.control.Meter;
import java.util.Map;

/**
 * What holds for the calls of a run.
 *
 * @param meter counts them, and has the limits
 * @param failure says what the model is told of a tool that threw
 * @param attributes what the host has given to its tools with the run
 */
public record CallRules(Approvals approvals, Meter meter, ToolFailure failure, Map<String, String> attributes) {}
