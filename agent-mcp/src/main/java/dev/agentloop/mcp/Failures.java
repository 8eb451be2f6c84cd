package dev.agentloop.mcp;

import io.modelcontextprotocol.client.transport.McpHttpClientTransportAuthorizationException;
import io.modelcontextprotocol.spec.McpTransportSessionClosedException;
import io.modelcontextprotocol.spec.McpTransportSessionNotFoundException;
import java.io.IOException;
import java.net.ConnectException;

/** Puts what a transport throws into words, and tells a server that is gone from one that refused a request. */
final class Failures {
    private static final int LONGEST = 500;

    private Failures() {}

    static ServerException of(Throwable thrown) {
        for (Throwable cause = thrown; cause != null; cause = cause.getCause()) {
            if (cause instanceof ServerException known) {
                return known;
            }
            if (cause instanceof McpHttpClientTransportAuthorizationException refused) {
                return ServerException.refused("it answered with HTTP status "
                        + refused.getResponseInfo().statusCode() + ", so its credentials are missing or wrong");
            }
            if (cause instanceof McpTransportSessionNotFoundException) {
                return ServerException.gone("it no longer knows the session");
            }
            if (cause instanceof McpTransportSessionClosedException) {
                return ServerException.gone("the connection was closed");
            }
            if (cause instanceof ConnectException) {
                return ServerException.gone("nothing accepts connections at its address");
            }
            if (cause instanceof IOException) {
                return ServerException.gone("the connection broke: " + words(cause));
            }
        }
        return ServerException.refused(words(thrown));
    }

    private static String words(Throwable thrown) {
        String message = thrown.getMessage();
        String words = message == null || message.isBlank() ? thrown.getClass().getSimpleName() : message;
        return cut(words);
    }

    /** The text, or its beginning where it is long. */
    static String cut(String text) {
        return text.length() <= LONGEST ? text : text.substring(0, LONGEST) + "…";
    }
}
