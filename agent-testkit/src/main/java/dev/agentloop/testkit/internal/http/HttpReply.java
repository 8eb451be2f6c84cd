package dev.agentloop.testkit.internal.http;

import java.util.List;

/**
 * An answer byte by byte.
 *
 * @param status the HTTP status; 0 to close the connection without a word
 * @param headers lines such as {@code retry-after: 2}
 */
public record HttpReply(int status, List<String> headers, byte[] body) {
    public static final HttpReply NOTHING = new HttpReply(0, List.of(), new byte[0]);
}
