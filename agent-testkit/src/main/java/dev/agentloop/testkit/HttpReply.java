package dev.agentloop.testkit;

import java.util.List;

/**
 * An answer byte by byte.
 *
 * @param status the HTTP status; 0 to close the connection without a word
 * @param headers lines such as {@code retry-after: 2}
 */
record HttpReply(int status, List<String> headers, byte[] body) implements ScriptedReply {
    static final HttpReply NOTHING = new HttpReply(0, List.of(), new byte[0]);
}
