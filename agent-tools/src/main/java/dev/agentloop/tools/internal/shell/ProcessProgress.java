package dev.agentloop.tools.internal.shell;

import java.nio.ByteBuffer;
import java.nio.CharBuffer;
import java.nio.charset.CharsetDecoder;
import java.nio.charset.CodingErrorAction;
import java.nio.charset.StandardCharsets;
import java.util.function.Consumer;

/**
 * Hands output on as text while it comes, a bounded number of times.
 *
 * <p>A character whose bytes come in two reads is kept back until it is whole. Not thread-safe.
 */
final class ProcessProgress {
    /** The most bytes of one piece; what the previous read kept back comes on top of a read. */
    static final int MAX_PIECE = 8 * 1024;
    /** How much to read at once, so that a piece with what was kept back is no longer than {@link #MAX_PIECE}. */
    static final int READ_SIZE = MAX_PIECE - 4;

    static final int MAX_EVENTS = 10_000;

    private final Consumer<String> target;
    private final CharsetDecoder decoder = StandardCharsets.UTF_8
            .newDecoder()
            .onMalformedInput(CodingErrorAction.REPLACE)
            .onUnmappableCharacter(CodingErrorAction.REPLACE);
    private final ByteBuffer waiting = ByteBuffer.allocate(MAX_PIECE);
    private final CharBuffer text = CharBuffer.allocate(MAX_PIECE);
    private int events;

    ProcessProgress(Consumer<String> target) {
        this.target = target;
    }

    /** @param length at most {@link #READ_SIZE} */
    void write(byte[] bytes, int length) {
        if (events < MAX_EVENTS) {
            waiting.put(bytes, 0, length);
            decode(false);
        }
    }

    /** Hands on what was kept back: its rest will not come. */
    void finish() {
        if (events < MAX_EVENTS) {
            decode(true);
        }
    }

    private void decode(boolean last) {
        waiting.flip();
        decoder.decode(waiting, text, last);
        if (last) {
            decoder.flush(text);
        }
        waiting.compact();
        text.flip();
        if (text.hasRemaining()) {
            events++;
            target.accept(text.toString());
        }
        text.clear();
    }
}
