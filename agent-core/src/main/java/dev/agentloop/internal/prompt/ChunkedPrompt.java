package dev.agentloop.internal.prompt;

import dev.agentloop.Item;
import dev.agentloop.Prompt;
import dev.agentloop.internal.Sha256;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.util.AbstractList;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.RandomAccess;
import org.jspecify.annotations.Nullable;

/*
 * Sharing. All prompts that grew from one another in a line share a Tail: chunks that only ever get longer. A prompt is a
 * length into them, with the arrays as they were when it was made, so a reader never sees an array that changes under
 * it. Only the longest prompt of a line may write behind its own end; growing any other prompt copies the references of
 * the full chunks and the bytes of the last one, and begins a line of its own.
 */
/** The one form of a prompt: bytes in chunks, with the end and the hash of each item. */
public final class ChunkedPrompt implements Prompt {
    private static final int CHUNK = 256 * 1024;
    // The fixed fields are kept as text and as bytes, too.
    private static final long HELD_BY_FIELDS = 2;
    private static final byte[] INPUT = ",\"input\":[".getBytes(StandardCharsets.US_ASCII);

    private final Head fixed;
    private final String ending;
    private final Tail tail;
    private final byte[][] chunks;
    private final long[] ends;
    private final long[] hashes;
    private final int size;

    private ChunkedPrompt(Head fixed, String ending, Tail tail) {
        this.fixed = fixed;
        this.ending = ending;
        this.tail = tail;
        this.chunks = Arrays.copyOf(tail.chunks, tail.chunkCount);
        this.ends = tail.ends;
        this.hashes = tail.hashes;
        this.size = tail.items;
    }

    private ChunkedPrompt(ChunkedPrompt other, String ending) {
        this.fixed = other.fixed;
        this.ending = ending;
        this.tail = other.tail;
        this.chunks = other.chunks;
        this.ends = other.ends;
        this.hashes = other.hashes;
        this.size = other.size;
    }

    /** A prompt without items that begins with these fields. */
    public static ChunkedPrompt of(String head) {
        return of(Head.of(head));
    }

    /** The same with fields that were read already. */
    public static ChunkedPrompt of(Head fixed) {
        byte[] bytes = fixed.line();
        Tail tail = new Tail();
        tail.add(bytes, 0, bytes.length - 1);
        tail.add(INPUT, 0, INPUT.length);
        tail.endOfItem(Tail.digest(bytes, 0L));
        return new ChunkedPrompt(fixed, PromptEnding.PLAIN.text(fixed), tail);
    }

    /** The same prompt with another ending. */
    public Prompt withEnding(PromptEnding other) {
        String text = other.text(fixed);
        return text.equals(ending) ? this : new ChunkedPrompt(this, text);
    }

    /** The fixed fields of a prompt. */
    public static Head fixed(Prompt prompt) {
        return ((ChunkedPrompt) prompt).fixed;
    }

    /** About how many bytes of memory a prompt and an earlier one hold; what they share counts once. */
    public static long held(Prompt prompt, @Nullable Prompt earlier) {
        ChunkedPrompt whole = (ChunkedPrompt) prompt;
        return whole.held() + (earlier instanceof ChunkedPrompt other && other.tail != whole.tail ? other.held() : 0);
    }

    private long held() {
        long bytes = HELD_BY_FIELDS * length(0) + 2L * Long.BYTES * ends.length;
        for (byte[] chunk : chunks) {
            bytes += chunk.length;
        }
        return bytes;
    }

    @Override
    public String head() {
        return fixed.json();
    }

    @Override
    public String ending() {
        return ending;
    }

    @Override
    public String model() {
        return fixed.model();
    }

    @Override
    public int size() {
        return size;
    }

    @Override
    public Item item(int index) {
        return Item.of(read(chunks, start(index), length(index + 1)));
    }

    private long start(int index) {
        if (index < 0 || index >= size) {
            throw new IndexOutOfBoundsException("item " + index + " of " + size);
        }
        return ends[index] + (index == 0 ? 0 : 1);
    }

    @Override
    public List<Item> items() {
        return new Items();
    }

    @Override
    public Prompt plus(List<? extends Item> items) {
        if (items.isEmpty()) {
            return this;
        }
        synchronized (tail) {
            Tail line = tail.items == size ? tail : tail.fork(chunks, ends, hashes, size);
            line.reserve(items);
            for (Item item : items) {
                line.append(ItemLine.of(item));
            }
            return new ChunkedPrompt(fixed, ending, line);
        }
    }

    @Override
    public List<ByteBuffer> wire() {
        List<ByteBuffer> buffers = new ArrayList<>(chunks.length);
        long left = length(size);
        for (byte[] chunk : chunks) {
            int take = (int) Math.min(left, CHUNK);
            buffers.add(ByteBuffer.wrap(chunk, 0, take).asReadOnlyBuffer());
            left -= take;
        }
        return buffers;
    }

    @Override
    public long length(int items) {
        return ends[items];
    }

    @Override
    public long hash(int items) {
        return hashes[items];
    }

    /**
     * About how many tokens the first items of a prompt have, without the fixed fields. Each item is read once for all prompts
     * of a line, so what is asked again and again while a prompt grows costs what is new.
     */
    public static long tokens(Prompt prompt, int items) {
        ChunkedPrompt chunked = (ChunkedPrompt) prompt;
        synchronized (chunked.tail) {
            return chunked.tail.tokens(items);
        }
    }

    private static byte[] read(byte[][] chunks, long from, long to) {
        byte[] out = new byte[Math.toIntExact(to - from)];
        int done = 0;
        while (done < out.length) {
            long at = from + done;
            int offset = (int) (at % CHUNK);
            int take = Math.min(out.length - done, CHUNK - offset);
            System.arraycopy(chunks[(int) (at / CHUNK)], offset, out, done, take);
            done += take;
        }
        return out;
    }

    private final class Items extends AbstractList<Item> implements RandomAccess {
        @Override
        public Item get(int index) {
            return item(index);
        }

        @Override
        public int size() {
            return size;
        }
    }

    /** The growing end of a line of prompts; guarded by its own monitor. Index 0 of ends and hashes is the head's. */
    private static final class Tail {
        private byte[][] chunks = new byte[4][];
        private int chunkCount;
        private long length;
        private long[] ends = new long[16];
        private long[] hashes = new long[16];
        private int items = -1;
        // Sums over the items that were looked at so far; the first is that of none.
        private long[] tokens = new long[1];
        private int estimated;

        // What comes at once gets its room at once, and no more; what comes bit by bit gets it by doubling.
        void reserve(List<? extends Item> coming) {
            long needed = length % CHUNK;
            for (Item item : coming) {
                needed += ItemLine.of(item).length + 1;
            }
            int last = chunkCount - 1;
            int room = chunks[last].length;
            if (room < CHUNK && needed > 2L * room) {
                chunks[last] = Arrays.copyOf(chunks[last], (int) Math.min(CHUNK, needed));
            }
        }

        void append(byte[] line) {
            if (items > 0) {
                add(new byte[] {','}, 0, 1);
            }
            add(line, 0, line.length);
            endOfItem(digest(line, hashes[items]));
        }

        void add(byte[] source, int offset, int count) {
            int done = 0;
            while (done < count) {
                int at = (int) (length % CHUNK);
                int take = Math.min(count - done, CHUNK - at);
                System.arraycopy(source, offset + done, room(at, take), at, take);
                done += take;
                length += take;
            }
        }

        // A short conversation does not hold a whole chunk: the last one grows by doubling until it is full size.
        private byte[] room(int at, int take) {
            if (at == 0) {
                if (chunkCount == chunks.length) {
                    chunks = Arrays.copyOf(chunks, chunks.length * 2);
                }
                chunks[chunkCount++] = new byte[Math.min(CHUNK, Math.max(chunkCount > 1 ? CHUNK : 4096, take))];
            }
            byte[] last = chunks[chunkCount - 1];
            if (at + take > last.length) {
                last = Arrays.copyOf(last, Math.min(CHUNK, Math.max(at + take, last.length * 2)));
                chunks[chunkCount - 1] = last;
            }
            return last;
        }

        void endOfItem(long hash) {
            items++;
            if (items == ends.length) {
                ends = Arrays.copyOf(ends, items * 2);
                hashes = Arrays.copyOf(hashes, items * 2);
            }
            ends[items] = length;
            hashes[items] = hash;
        }

        Tail fork(byte[][] sharedChunks, long[] sharedEnds, long[] sharedHashes, int size) {
            Tail fork = new Tail();
            fork.chunks = Arrays.copyOf(sharedChunks, sharedChunks.length + 1);
            fork.chunkCount = sharedChunks.length;
            fork.length = sharedEnds[size];
            fork.chunks[fork.chunkCount - 1] = sharedChunks[fork.chunkCount - 1].clone();
            fork.ends = Arrays.copyOf(sharedEnds, size + 16);
            fork.hashes = Arrays.copyOf(sharedHashes, size + 16);
            fork.items = size;
            fork.estimated = Math.min(estimated, size);
            fork.tokens = Arrays.copyOf(tokens, fork.estimated + 1);
            return fork;
        }

        long tokens(int count) {
            if (count >= tokens.length) {
                tokens = Arrays.copyOf(tokens, Math.max(count + 1, tokens.length * 2));
            }
            for (; estimated < count; estimated++) {
                tokens[estimated + 1] = tokens[estimated] + estimate(estimated);
            }
            return tokens[count];
        }

        // Most items lie in one chunk, and are read where they stand.
        private long estimate(int item) {
            long start = ends[item] + (item == 0 ? 0 : 1);
            long end = ends[item + 1];
            int at = (int) (start % CHUNK);
            int length = Math.toIntExact(end - start);
            return at + length <= CHUNK
                    ? TokenEstimate.of(chunks[(int) (start / CHUNK)], at, at + length)
                    : TokenEstimate.of(read(chunks, start, end), 0, length);
        }

        static long digest(byte[] bytes, long before) {
            byte[] chained = ByteBuffer.allocate(Long.BYTES).putLong(before).array();
            return ByteBuffer.wrap(Sha256.of(chained, bytes)).getLong();
        }
    }
}
