package dev.agentloop.openai;

import dev.agentloop.openai.RawServer.Reply;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;

/** The responses, good and bad, that tests have a {@link RawServer} send. */
final class Replies {
    static final String STREAM_HEAD =
            "HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\nx-request-id: req_1\r\nTransfer-Encoding: chunked\r\n\r\n";

    private Replies() {}

    static byte[] bytes(String text) {
        return text.getBytes(StandardCharsets.UTF_8);
    }

    /** A whole event stream, in one chunk. */
    static Reply stream(String events) {
        return pieces(bytes(events), Integer.MAX_VALUE);
    }

    /** A whole event stream, in chunks of at most {@code size} bytes, each sent by itself. */
    static Reply pieces(byte[] events, int size) {
        return (connection, in, out) -> {
            out.write(bytes(STREAM_HEAD));
            for (int at = 0; at < events.length; at += size) {
                out.write(chunk(Arrays.copyOfRange(events, at, (int) Math.min(events.length, (long) at + size))));
                out.flush();
                if (size == Integer.MAX_VALUE) {
                    break;
                }
            }
            out.write(bytes("0\r\n\r\n"));
            out.flush();
        };
    }

    /** A response with a length. */
    static Reply of(int status, String type, String body, String... headers) {
        return (connection, in, out) -> {
            StringBuilder head = new StringBuilder("HTTP/1.1 " + status + " Status\r\n");
            head.append("Content-Type: ").append(type).append("\r\n");
            head.append("Content-Length: ").append(bytes(body).length).append("\r\n");
            for (String header : headers) {
                head.append(header).append("\r\n");
            }
            out.write(join(bytes(head + "\r\n"), bytes(body)));
            out.flush();
        };
    }

    static Reply json(int status, String body, String... headers) {
        return of(status, "application/json", body, headers);
    }

    /** An error in the API's own form. */
    static Reply error(int status, String code, String message, String... headers) {
        String json = "{\"error\":{\"message\":\"" + message + "\",\"type\":\"invalid_request_error\",\"param\":null,"
                + "\"code\":" + (code.isEmpty() ? "null" : "\"" + code + "\"") + "}}";
        String[] all = Arrays.copyOf(headers, headers.length + 1);
        all[headers.length] = "x-request-id: req_1";
        return json(status, json, all);
    }

    /** The connection is closed after these events, in the middle of the body. */
    static Reply cut(String events) {
        return (connection, in, out) -> {
            out.write(join(bytes(STREAM_HEAD), chunk(bytes(events))));
            out.flush();
            connection.close();
        };
    }

    /** The connection is reset after these events. */
    static Reply reset(String events) {
        return (connection, in, out) -> {
            out.write(join(bytes(STREAM_HEAD), chunk(bytes(events))));
            out.flush();
            connection.setSoLinger(true, 0);
            connection.close();
        };
    }

    /** The connection is closed instead of an answer. */
    static Reply nothing() {
        return (connection, in, out) -> connection.close();
    }

    /** After these events nothing comes any more, until the client closes the connection. */
    static Reply silence(String events) {
        return (connection, in, out) -> {
            if (!events.isEmpty()) {
                out.write(join(bytes(STREAM_HEAD), chunk(bytes(events))));
                out.flush();
            }
            awaitClose(in);
        };
    }

    /** Waits until the client closes the connection. */
    static void awaitClose(InputStream in) throws IOException {
        if (in.read() < 0) {
            throw new RawServer.ClientGone();
        }
    }

    static byte[] chunk(byte[] data) {
        return data.length == 0
                ? data
                : join(bytes(Integer.toHexString(data.length) + "\r\n"), join(data, bytes("\r\n")));
    }

    private static byte[] join(byte[] first, byte[] second) {
        ByteArrayOutputStream all = new ByteArrayOutputStream();
        all.writeBytes(first);
        all.writeBytes(second);
        return all.toByteArray();
    }

    /** Sends the bytes as they are, for responses that are wrong in themselves. */
    static Reply raw(String response) {
        return (connection, in, out) -> {
            write(out, response);
            connection.close();
        };
    }

    private static void write(OutputStream out, String text) throws IOException {
        out.write(bytes(text));
        out.flush();
    }
}
