package dev.agentloop.tools.internal.files;

import java.io.ByteArrayInputStream;
import java.io.Closeable;
import java.io.IOException;
import java.io.InputStream;
import java.io.InputStreamReader;
import java.io.Reader;
import java.io.SequenceInputStream;
import java.nio.ByteBuffer;
import java.nio.CharBuffer;
import java.nio.charset.CharsetEncoder;
import java.nio.charset.CodingErrorAction;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;

/**
 * Reads a file of any size line by line as bytes in constant memory: of each line a bounded beginning is kept.
 *
 * <p>Lines end at LF; a CR before it belongs to the ending. UTF-16 with a mark is handed out as UTF-8. Whether the
 * bytes are valid UTF-8 is left to the caller, who may look at a few lines of many. Belongs to one thread.
 */
final class LineReader implements Closeable {
    private final InputStream in;
    private final TextEncoding encoding;
    private final boolean binary;
    private final byte[] buffer = new byte[16 * 1024];
    private int position;
    private int limit;

    private final int keep;
    private final Deadline deadline;
    private byte[] line = new byte[1024];
    private int kept;
    private long length;
    private boolean endsInReturn;

    private LineReader(InputStream in, byte[] start, int keep, Deadline deadline) {
        this.encoding = TextEncoding.announced(start, start.length);
        this.binary = TextEncoding.isBinary(start, start.length);
        this.keep = keep;
        this.deadline = deadline;
        System.arraycopy(start, 0, buffer, 0, start.length);
        if (encoding == TextEncoding.UTF_16LE || encoding == TextEncoding.UTF_16BE) {
            this.in = new Utf16AsUtf8(in, start, encoding);
        } else {
            this.in = in;
            this.position = encoding.markLength();
            this.limit = start.length;
        }
    }

    /**
     * Begins to read; looks at the first bytes for a mark and for signs of a binary file.
     *
     * @param keep how many bytes of a line are kept
     * @param deadline asked before each piece of the file, since one line may be as long as the disk
     */
    static LineReader of(InputStream in, int keep, Deadline deadline) throws IOException {
        return new LineReader(in, in.readNBytes(TextEncoding.SAMPLE), keep, deadline);
    }

    /** Whether the file begins like something that is no text. */
    boolean binary() {
        return binary;
    }

    /** What the file's mark announces, UTF-8 without one. */
    TextEncoding encoding() {
        return encoding;
    }

    /**
     * Reads the next line; false at the end. A file that ends in a line break has no empty line after it.
     *
     * @throws Deadline.Passed in the middle of a line, whose beginning is kept
     */
    boolean next() throws IOException {
        kept = 0;
        length = 0;
        endsInReturn = false;
        boolean any = false;
        while (hasNext()) {
            any = true;
            int end = position;
            while (end < limit && buffer[end] != '\n') {
                end++;
            }
            keep(end);
            position = end;
            if (end < limit) {
                position++;
                dropReturn();
                return true;
            }
        }
        return any;
    }

    /** Whether another line follows; reads none, which may be very long. */
    boolean hasNext() throws IOException {
        return position < limit || fill();
    }

    private void keep(int end) {
        int count = Math.min(end - position, keep - kept);
        if (kept + count > line.length) {
            line = Arrays.copyOf(line, Math.min(keep, Math.max(2 * line.length, kept + count)));
        }
        System.arraycopy(buffer, position, line, kept, count);
        kept += count;
        length += end - position;
        if (end > position) {
            endsInReturn = buffer[end - 1] == '\r';
        }
    }

    private void dropReturn() {
        if (endsInReturn) {
            length--;
            kept = (int) Math.min(kept, length);
        }
    }

    private boolean fill() throws IOException {
        deadline.check();
        position = 0;
        limit = Math.max(0, in.read(buffer));
        return limit > 0;
    }

    /** The kept beginning of the line; valid up to {@link #kept()} and until the next line is read. */
    byte[] bytes() {
        return line;
    }

    int kept() {
        return kept;
    }

    /** The length of the whole line in bytes, without its ending. */
    long length() {
        return length;
    }

    @Override
    public void close() throws IOException {
        in.close();
    }

    /** Turns UTF-16 into UTF-8 on the way; half a surrogate pair becomes the replacement character. */
    private static final class Utf16AsUtf8 extends InputStream {
        private final Reader reader;
        private final CharsetEncoder encoder = StandardCharsets.UTF_8
                .newEncoder()
                .onMalformedInput(CodingErrorAction.REPLACE)
                .replaceWith(new byte[] {(byte) 0xEF, (byte) 0xBF, (byte) 0xBD});
        private final CharBuffer chars = CharBuffer.allocate(8192).limit(0);
        private final ByteBuffer bytes = ByteBuffer.allocate(3 * 8192 + 16).limit(0);

        Utf16AsUtf8(InputStream in, byte[] start, TextEncoding encoding) {
            int mark = encoding.markLength();
            InputStream whole = new SequenceInputStream(new ByteArrayInputStream(start, mark, start.length - mark), in);
            this.reader = new InputStreamReader(whole, encoding.charset());
        }

        @Override
        public int read() throws IOException {
            return bytes.hasRemaining() || fill() ? bytes.get() & 0xFF : -1;
        }

        @Override
        public int read(byte[] target, int offset, int count) throws IOException {
            if (!bytes.hasRemaining() && !fill()) {
                return -1;
            }
            int read = Math.min(count, bytes.remaining());
            bytes.get(target, offset, read);
            return read;
        }

        private boolean fill() throws IOException {
            chars.compact();
            boolean end = reader.read(chars) < 0;
            chars.flip();
            bytes.clear();
            encoder.encode(chars, bytes, end);
            bytes.flip();
            return bytes.hasRemaining() || (!end && fill());
        }

        @Override
        public void close() throws IOException {
            reader.close();
        }
    }
}
