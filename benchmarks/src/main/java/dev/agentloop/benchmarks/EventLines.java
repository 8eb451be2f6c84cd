package dev.agentloop.benchmarks;

import java.io.IOException;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;

/** The lines of a stream of events, without a string for each; its array serves all responses of a conversation. */
final class EventLines {
    private static final byte[] ITEM_DONE = "event: response.output_item.done".getBytes(StandardCharsets.US_ASCII);
    private static final byte[] DATA = "data: ".getBytes(StandardCharsets.US_ASCII);

    private byte[] bytes = new byte[16 * 1024];
    private int start;
    private int end;

    /** The data of the event that ends an item; reads the stream to its end. */
    byte[] item(InputStream in) throws IOException {
        start = 0;
        end = 0;
        byte[] data = new byte[0];
        boolean done = false;
        for (int length = next(in); length >= 0; length = next(in)) {
            if (begins(ITEM_DONE, length)) {
                done = true;
            } else if (done && begins(DATA, length)) {
                data = Arrays.copyOfRange(bytes, start + DATA.length, start + length);
                done = false;
            }
            start += length + 1;
        }
        return data;
    }

    /** The length of the line at {@code start}; -1 where there is none any more. */
    private int next(InputStream in) throws IOException {
        int at = start;
        while (true) {
            for (; at < end; at++) {
                if (bytes[at] == '\n') {
                    return at - start;
                }
            }
            if (start > 0) {
                System.arraycopy(bytes, start, bytes, 0, end - start);
                end -= start;
                at -= start;
                start = 0;
            }
            if (end == bytes.length) {
                bytes = Arrays.copyOf(bytes, 2 * end);
            }
            int count = in.read(bytes, end, bytes.length - end);
            if (count < 0) {
                return -1;
            }
            end += count;
        }
    }

    private boolean begins(byte[] text, int length) {
        return length >= text.length && Arrays.equals(bytes, start, start + text.length, text, 0, text.length);
    }
}
