/** A server of the Responses API on real sockets: its connections, requests, replies and streamed events. */
@NullMarked
package dev.agentloop.testkit.internal.http;

import org.jspecify.annotations.NullMarked;
