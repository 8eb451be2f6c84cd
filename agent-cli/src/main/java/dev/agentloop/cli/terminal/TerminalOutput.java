package dev.agentloop.cli.terminal;

import java.io.FilterOutputStream;
import java.io.IOException;
import java.io.OutputStream;
import java.nio.ByteBuffer;
import java.nio.CharBuffer;
import java.nio.charset.CharsetDecoder;
import java.nio.charset.CodingErrorAction;
import java.nio.charset.StandardCharsets;
import java.util.function.IntSupplier;

/**
 * What goes to a terminal, in UTF-8: whoever writes it, no character but a line break and a tab moves the cursor, none
 * is invisible, and lines are broken between words. The last line may be one that is written over. Thread-safe.
 */
final class TerminalOutput extends FilterOutputStream {
    /** To the begin of the line, and clear it. */
    private static final String AGAIN = "\r\u001b[K";

    private final CharsetDecoder decoder = StandardCharsets.UTF_8
            .newDecoder()
            .onMalformedInput(CodingErrorAction.REPLACE)
            .onUnmappableCharacter(CodingErrorAction.REPLACE);

    private final IntSupplier width;
    private final LineLayout layout;
    private boolean over;

    /** The first bytes of a character whose others have not come. */
    private ByteBuffer begun = ByteBuffer.allocate(0);

    /**
     * @param width how many columns the terminal has; 0 where nobody knows
     */
    TerminalOutput(OutputStream terminal, IntSupplier width) {
        super(terminal);
        this.width = width;
        this.layout = new LineLayout(width);
    }

    @Override
    public void write(int b) throws IOException {
        write(new byte[] {(byte) b}, 0, 1);
    }

    @Override
    public synchronized void write(byte[] bytes, int offset, int length) throws IOException {
        ByteBuffer in = ByteBuffer.allocate(begun.remaining() + length)
                .put(begun)
                .put(bytes, offset, length)
                .flip();
        CharBuffer text = CharBuffer.allocate(in.remaining() + 1);
        decoder.decode(in, text, false);
        begun = in;
        endLineWrittenOver();
        show(layout.place(TerminalText.of(lines(text.flip().toString()))));
    }

    // The line breaks of this program itself, on Windows.
    private static String lines(String text) {
        return System.lineSeparator().equals("\r\n") ? text.replace("\r\n", "\n") : text;
    }

    private void show(String text) throws IOException {
        out.write(text.getBytes(StandardCharsets.UTF_8));
    }

    private void endLineWrittenOver() throws IOException {
        if (over) {
            over = false;
            show("\n");
        }
    }

    @Override
    public synchronized void flush() throws IOException {
        show(layout.flush());
        super.flush();
    }

    /** Shows a line of at most the terminal's width, over the one that was shown like this before. */
    synchronized void writeOver(String line) throws IOException {
        show(layout.freshLine());
        int most = width.getAsInt();
        String text = TerminalText.line(line);
        show((over ? AGAIN : "") + "  " + (most == 0 ? text : TerminalText.cutAtWord(text, Math.max(1, most - 3))));
        over = true;
        super.flush();
    }

    /** Clears the line that was written over. */
    synchronized void clearLine() throws IOException {
        if (over) {
            over = false;
            show(AGAIN);
            super.flush();
        }
    }

    /** Begins a line, unless one begins already. */
    synchronized void freshLine() throws IOException {
        endLineWrittenOver();
        show(layout.freshLine());
        super.flush();
    }

    /** Ctrl-C was pressed: what the terminal shows of that goes, or ends the line that was open. */
    synchronized void interrupted() throws IOException {
        if (over || layout.atBegin()) {
            show(AGAIN);
        } else {
            show(layout.freshLine());
        }
        super.flush();
    }

    /** Who typed has begun a line. */
    synchronized void lineTyped() throws IOException {
        // The line that is written over was left by the cursor.
        over = false;
        show(layout.lineBegun());
    }
}
