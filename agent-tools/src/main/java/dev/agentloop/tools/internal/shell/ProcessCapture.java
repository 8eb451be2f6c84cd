package dev.agentloop.tools.internal.shell;

import java.nio.charset.StandardCharsets;
import java.util.Arrays;

/**
 * Keeps the first and the last bytes of an output of any length.
 *
 * <p>Memory grows with the output up to the limit and then no more. Not thread-safe.
 */
final class ProcessCapture {
    private static final int LONGEST_CHARACTER = 4;

    private final int headLimit;
    private final int tailLimit;
    private byte[] head = {};
    private int headLength;
    private byte[] tail = {};
    private long tailTotal;
    private long newlines;
    private boolean endsInNewline = true;

    /** @param limit how many bytes are kept at most: half from the start, half from the end; at least 2 */
    ProcessCapture(int limit) {
        headLimit = limit / 2;
        tailLimit = limit - headLimit;
    }

    void write(byte[] bytes, int length) {
        if (length == 0) {
            return;
        }
        for (int i = 0; i < length; i++) {
            if (bytes[i] == '\n') {
                newlines++;
            }
        }
        endsInNewline = bytes[length - 1] == '\n';
        int toHead = Math.min(length, headLimit - headLength);
        if (toHead > 0) {
            head = withRoom(head, headLength + toHead, headLimit);
            System.arraycopy(bytes, 0, head, headLength, toHead);
            headLength += toHead;
        }
        writeTail(bytes, toHead, length - toHead);
    }

    private void writeTail(byte[] bytes, int from, int length) {
        int skipped = Math.max(0, length - tailLimit);
        tailTotal += skipped;
        from += skipped;
        length -= skipped;
        if (tailTotal + length <= tailLimit) {
            tail = withRoom(tail, (int) tailTotal + length, tailLimit);
        } else if (tail.length < tailLimit) {
            // From now on it is a ring; while it was not full its bytes lay from 0 on, as they do in a ring.
            tail = Arrays.copyOf(tail, tailLimit);
        }
        while (length > 0) {
            int at = (int) (tailTotal % tailLimit);
            int run = Math.min(length, tailLimit - at);
            System.arraycopy(bytes, from, tail, at, run);
            from += run;
            length -= run;
            tailTotal += run;
        }
    }

    private static byte[] withRoom(byte[] array, int needed, int limit) {
        return needed <= array.length
                ? array
                : Arrays.copyOf(array, Math.min(limit, Math.max(needed, Math.max(1024, array.length * 2))));
    }

    /** How many lines were written, a last one without its end included. */
    long lines() {
        return endsInNewline ? newlines : newlines + 1;
    }

    /** Whether more was written than is kept. */
    boolean cut() {
        return tailTotal > tailLimit;
    }

    /**
     * What is kept, as text: bytes that are not UTF-8 become U+FFFD, and a line {@code … N bytes omitted …} stands
     * where bytes were left out.
     */
    String text() {
        byte[] last = tail();
        if (!cut()) {
            byte[] all = Arrays.copyOf(head, headLength + last.length);
            System.arraycopy(last, 0, all, headLength, last.length);
            return new String(all, StandardCharsets.UTF_8);
        }
        int headEnd = headLength - splitAtEnd();
        int tailStart = splitAtStart(last);
        long omitted = headLength + tailTotal - headEnd - (last.length - tailStart);
        return new String(head, 0, headEnd, StandardCharsets.UTF_8)
                + "\n… " + omitted + " bytes omitted …\n"
                + new String(last, tailStart, last.length - tailStart, StandardCharsets.UTF_8);
    }

    private byte[] tail() {
        if (!cut()) {
            return Arrays.copyOf(tail, (int) tailTotal);
        }
        int oldest = (int) (tailTotal % tailLimit);
        byte[] inOrder = new byte[tailLimit];
        System.arraycopy(tail, oldest, inOrder, 0, tailLimit - oldest);
        System.arraycopy(tail, 0, inOrder, tailLimit - oldest, oldest);
        return inOrder;
    }

    /** How many bytes at the end of the head belong to a character whose rest is gone. */
    private int splitAtEnd() {
        for (int back = 1; back < LONGEST_CHARACTER && back <= headLength; back++) {
            int value = head[headLength - back] & 0xFF;
            if (value >= 0xC0) {
                int length = value >= 0xF0 ? 4 : value >= 0xE0 ? 3 : 2;
                return back < length ? back : 0;
            }
            if (value < 0x80) {
                return 0;
            }
        }
        return 0;
    }

    /** How many bytes at the start of the tail belong to a character whose beginning is gone. */
    private static int splitAtStart(byte[] bytes) {
        int start = 0;
        while (start < LONGEST_CHARACTER - 1 && start < bytes.length && (bytes[start] & 0xC0) == 0x80) {
            start++;
        }
        return start;
    }
}
