package dev.agentloop.mcp;

import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.InputStream;
import org.jspecify.annotations.Nullable;

/** Reads lines of bytes, of each no more than a bound. Not thread-safe. */
final class LineInput implements AutoCloseable {
    private final InputStream in;
    private final int longest;
    private final byte[] buffer = new byte[8192];
    private int position;
    private int limit;
    private boolean cut;

    LineInput(InputStream in, int longest) {
        this.in = in;
        this.longest = longest;
    }

    /** The next line without its end, or null behind the last one. */
    byte @Nullable [] next() throws IOException {
        ByteArrayOutputStream line = new ByteArrayOutputStream();
        cut = false;
        boolean any = false;
        while (position < limit || fill()) {
            any = true;
            int start = position;
            while (position < limit && buffer[position] != '\n') {
                position++;
            }
            int kept = Math.min(position - start, longest - line.size());
            line.write(buffer, start, kept);
            cut |= kept < position - start;
            if (position < limit) {
                position++;
                return line.toByteArray();
            }
        }
        return any ? line.toByteArray() : null;
    }

    /** Whether the last line was longer than the bound. */
    boolean cut() {
        return cut;
    }

    private boolean fill() throws IOException {
        position = 0;
        limit = Math.max(0, in.read(buffer));
        return limit > 0;
    }

    @Override
    public void close() throws IOException {
        in.close();
    }
}
