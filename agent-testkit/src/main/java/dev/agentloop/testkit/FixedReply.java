package dev.agentloop.testkit;

import dev.agentloop.testkit.internal.http.HttpReply;

/** A reply that is the same whatever was asked. */
record FixedReply(HttpReply http) implements ScriptedReply {}
