package dev.agentloop.testkit.internal.cache;

import dev.agentloop.internal.Sha256;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import org.jspecify.annotations.Nullable;

/**
 * The places in a growing request at which a cache can be read, each with a hash over all that stands before it. A request
 * is compared with the one before it, so that only what is new is hashed. Not thread-safe.
 */
public final class PrefixPoints {
    /** A token has four bytes, counted over the whole of what stands before its end. */
    static final int BYTES_OF_TOKEN = 4;

    private final int stepBytes;
    private @Nullable CachedRequest before;
    private byte[] head = new byte[0];
    private long[] hashes = new long[16];
    private long[] lengths = new long[16];
    private int count;
    private long length;

    /** Points after each {@code stepTokens} tokens; with 0, after each item. */
    public PrefixPoints(int stepTokens) {
        this.stepBytes = stepTokens * BYTES_OF_TOKEN;
    }

    /** The request whose points these are. */
    @Nullable
    public CachedRequest request() {
        return before;
    }

    /** Goes on to the next request. */
    public void next(CachedRequest request) {
        CachedRequest last = before;
        boolean sameHead = last != null
                && last.model().equals(request.model())
                && last.head().equals(request.head());
        head = sameHead ? head : request.headBytes();
        int same = sameHead && last != null ? request.sameItems(last) : 0;
        length = head.length + request.end(request.size()) - request.end(0);
        if (stepBytes > 0) {
            count = same == 0 ? 0 : Math.min(count, (int) (lengthOf(request, same) / stepBytes));
            addSteps(request);
        } else {
            count = Math.min(count, same);
            addItems(request);
        }
        before = request;
    }

    private long lengthOf(CachedRequest request, int items) {
        return head.length + request.end(items) - request.end(0);
    }

    private void addItems(CachedRequest request) {
        for (int i = count; i < request.size(); i++) {
            byte[] item = request.item(i);
            add(lengthOf(request, i + 1), hash(request, i == 0 ? concat(head, item) : item));
        }
    }

    private void addSteps(CachedRequest request) {
        long from = (long) count * stepBytes;
        byte[] rest = request.input(Math.max(0, from - head.length), length - head.length);
        byte[] fresh = from < head.length ? concat(Arrays.copyOfRange(head, (int) from, head.length), rest) : rest;
        for (int at = 0; at + stepBytes <= fresh.length; at += stepBytes) {
            add(from + at + stepBytes, hash(request, Arrays.copyOfRange(fresh, at, at + stepBytes)));
        }
    }

    private long hash(CachedRequest request, byte[] bytes) {
        byte[] chained = count == 0
                ? request.model().getBytes(StandardCharsets.UTF_8)
                : ByteBuffer.allocate(Long.BYTES).putLong(hashes[count - 1]).array();
        return ByteBuffer.wrap(Sha256.of(chained, bytes)).getLong();
    }

    private void add(long end, long hash) {
        if (count == hashes.length) {
            hashes = Arrays.copyOf(hashes, count * 2);
            lengths = Arrays.copyOf(lengths, count * 2);
        }
        hashes[count] = hash;
        lengths[count++] = end;
    }

    private static byte[] concat(byte[] first, byte[] second) {
        byte[] all = Arrays.copyOf(first, first.length + second.length);
        System.arraycopy(second, 0, all, first.length, second.length);
        return all;
    }

    /** How many points there are. */
    int count() {
        return count;
    }

    /** The hash over all that stands before a point. */
    long hash(int point) {
        return hashes[point];
    }

    /** The tokens before a point. */
    public long tokens(int point) {
        return lengths[point] / BYTES_OF_TOKEN;
    }

    /** The tokens of the whole request. */
    public long tokens() {
        return length / BYTES_OF_TOKEN;
    }

    /** What decides, beside the key, to which machine the request goes: its first {@code tokens} tokens. */
    public long start(int tokens) {
        CachedRequest request = before;
        if (request == null) {
            return 0;
        }
        int bytes = tokens * BYTES_OF_TOKEN;
        byte[] first = Arrays.copyOf(head, Math.min(head.length, bytes));
        long more = Math.min(bytes - first.length, request.end(request.size()) - request.end(0));
        return ByteBuffer.wrap(Sha256.of(first, request.input(0, more))).getLong();
    }
}
