package dev.agentloop.examples.cli;

import java.io.FilterOutputStream;
import java.io.IOException;
import java.io.OutputStream;
import java.nio.ByteBuffer;
import java.nio.CharBuffer;
import java.nio.charset.CharsetDecoder;
import java.nio.charset.CodingErrorAction;
import java.nio.charset.StandardCharsets;

/**
 * What goes to a terminal, in UTF-8: whoever writes it, no character but a line break and a tab moves the cursor, and none
 * is invisible. Not thread-safe, as the stream of lines before it is.
 */
final class TerminalOutput extends FilterOutputStream {
    private final CharsetDecoder decoder = StandardCharsets.UTF_8
            .newDecoder()
            .onMalformedInput(CodingErrorAction.REPLACE)
            .onUnmappableCharacter(CodingErrorAction.REPLACE);

    /** The first bytes of a character whose others have not come. */
    private ByteBuffer begun = ByteBuffer.allocate(0);

    TerminalOutput(OutputStream terminal) {
        super(terminal);
    }

    @Override
    public void write(int b) throws IOException {
        write(new byte[] {(byte) b}, 0, 1);
    }

    @Override
    public void write(byte[] bytes, int offset, int length) throws IOException {
        ByteBuffer in = ByteBuffer.allocate(begun.remaining() + length)
                .put(begun)
                .put(bytes, offset, length)
                .flip();
        CharBuffer text = CharBuffer.allocate(in.remaining() + 1);
        decoder.decode(in, text, false);
        begun = in;
        String shown = TerminalText.of(lines(text.flip().toString()));
        out.write(shown.getBytes(StandardCharsets.UTF_8));
    }

    // The line breaks of this program itself, on Windows.
    private static String lines(String text) {
        return System.lineSeparator().equals("\r\n") ? text.replace("\r\n", "\n") : text;
    }
}
