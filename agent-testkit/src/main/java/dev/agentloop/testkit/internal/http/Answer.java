package dev.agentloop.testkit.internal.http;

import org.jspecify.annotations.Nullable;

/**
 * What is to be done with one request.
 *
 * @param fixed what goes out as it is; null where the events go out in their form
 * @param over is told that the answer went out
 */
public record Answer(@Nullable HttpReply fixed, ResponseEvents events, ResponseEvents.Form form, Runnable over) {}
