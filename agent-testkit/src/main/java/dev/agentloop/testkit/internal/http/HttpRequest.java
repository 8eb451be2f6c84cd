package dev.agentloop.testkit.internal.http;

import java.io.IOException;
import java.io.InputStream;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.Locale;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * One HTTP/1.1 request.
 *
 * @param headers by their names in lower case
 * @param arrived when its first byte came, by {@link System#nanoTime}
 */
public record HttpRequest(String method, String path, Map<String, String> headers, byte[] body, long arrived) {

    boolean keepsAlive() {
        return !"close".equalsIgnoreCase(headers.get("connection"));
    }

    /** Reads the requests of one connection. */
    static final class Reader {
        private static final int MOST_HEADER_BYTES = 64 * 1024;
        private final InputStream in;
        private byte[] buffer = new byte[64 * 1024];
        private int from;
        private int to;

        Reader(InputStream in) {
            this.in = in;
        }

        /** Is told that a client waits to be told to go on. */
        @FunctionalInterface
        interface Continue {
            void say() throws IOException;
        }

        /** The next request; null where the connection ends before one. */
        @Nullable
        HttpRequest next(Continue goOn) throws IOException {
            if (from == to && !fill()) {
                return null;
            }
            long arrived = System.nanoTime();
            String[] line = line().split(" ", 3);
            if (line.length < 3) {
                throw new IOException("no request line: " + String.join(" ", line));
            }
            Map<String, String> headers = new LinkedHashMap<>();
            for (String header = line(); !header.isEmpty(); header = line()) {
                int colon = header.indexOf(':');
                headers.put(
                        header.substring(0, Math.max(0, colon)).toLowerCase(Locale.ROOT),
                        header.substring(colon + 1).strip());
            }
            if ("100-continue".equalsIgnoreCase(headers.get("expect"))) {
                goOn.say();
            }
            byte[] body = "chunked".equalsIgnoreCase(headers.get("transfer-encoding"))
                    ? chunks()
                    : bytes(Integer.parseInt(headers.getOrDefault("content-length", "0")));
            return new HttpRequest(line[0], line[1], headers, body, arrived);
        }

        private boolean fill() throws IOException {
            from = 0;
            to = Math.max(0, in.read(buffer));
            return to > 0;
        }

        private int read() throws IOException {
            if (from == to && !fill()) {
                throw new IOException("the connection ended in the middle of a request");
            }
            return buffer[from++];
        }

        private String line() throws IOException {
            StringBuilder line = new StringBuilder();
            for (int b = read(); b != '\n'; b = read()) {
                if (b != '\r') {
                    line.append((char) b);
                }
                if (line.length() > MOST_HEADER_BYTES) {
                    throw new IOException("a header line of more than " + MOST_HEADER_BYTES + " bytes");
                }
            }
            return line.toString();
        }

        private byte[] bytes(int count) throws IOException {
            byte[] bytes = new byte[count];
            int done = Math.min(count, to - from);
            System.arraycopy(buffer, from, bytes, 0, done);
            from += done;
            int rest = in.readNBytes(bytes, done, count - done);
            if (rest < count - done) {
                throw new IOException("the connection ended " + (count - done - rest) + " bytes early");
            }
            return bytes;
        }

        private byte[] chunks() throws IOException {
            byte[] all = new byte[0];
            for (int size = chunkSize(); size > 0; size = chunkSize()) {
                byte[] chunk = bytes(size);
                all = Arrays.copyOf(all, all.length + size);
                System.arraycopy(chunk, 0, all, all.length - size, size);
                line();
            }
            line();
            return all;
        }

        private int chunkSize() throws IOException {
            String size = line();
            int extension = size.indexOf(';');
            return Integer.parseInt((extension < 0 ? size : size.substring(0, extension)).strip(), 16);
        }
    }
}
