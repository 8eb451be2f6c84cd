package dev.agentloop.testkit;

/**
 * What a {@link ScriptedServer} does with a request: a {@link ScriptedResponse}, or one of the failures that the server
 * itself names. Immutable.
 */
public sealed interface ScriptedReply permits ScriptedResponse, FixedReply {}
