package dev.agentloop.tools.internal.files;

import dev.agentloop.tools.internal.call.Refusal;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.CharBuffer;
import java.nio.charset.CharacterCodingException;
import java.nio.charset.Charset;
import java.nio.charset.CodingErrorAction;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;

/**
 * How the bytes of a text file become characters and back without loss: UTF-8, UTF-16 with a byte order mark, or, for
 * what is neither, ISO-8859-1, in which every byte is a character. The mark is kept apart from the text.
 */
public enum TextEncoding {
    UTF_8(StandardCharsets.UTF_8, ""),
    UTF_8_MARKED(StandardCharsets.UTF_8, "\u00EF\u00BB\u00BF"),
    UTF_16LE(StandardCharsets.UTF_16LE, "\u00FF\u00FE"),
    UTF_16BE(StandardCharsets.UTF_16BE, "\u00FE\u00FF"),
    ISO_8859_1(StandardCharsets.ISO_8859_1, "");

    /** As many bytes as are looked at to tell a binary file from text. */
    public static final int SAMPLE = 8192;

    private final Charset charset;
    /** The byte order mark, a character a byte. */
    private final String mark;

    TextEncoding(Charset charset, String mark) {
        this.charset = charset;
        this.mark = mark;
    }

    Charset charset() {
        return charset;
    }

    int markLength() {
        return mark.length();
    }

    /** The encoding that the first bytes announce by a mark, else UTF-8. */
    static TextEncoding announced(byte[] start, int length) {
        String bytes = new String(start, 0, Math.min(length, 3), StandardCharsets.ISO_8859_1);
        for (TextEncoding encoding : values()) {
            if (!encoding.mark.isEmpty() && bytes.startsWith(encoding.mark)) {
                return encoding;
            }
        }
        return UTF_8;
    }

    /** Whether the first bytes are not text: they hold a zero byte and announce no UTF-16. */
    public static boolean isBinary(byte[] start, int length) {
        TextEncoding encoding = announced(start, length);
        if (encoding == UTF_16LE || encoding == UTF_16BE) {
            return false;
        }
        for (int i = 0; i < length; i++) {
            if (start[i] == 0) {
                return true;
            }
        }
        return false;
    }

    /** The encoding in which a whole file can be read and written back unchanged. */
    public static TextEncoding of(byte[] bytes) {
        TextEncoding announced = announced(bytes, bytes.length);
        return announced.fits(bytes) ? announced : ISO_8859_1;
    }

    private boolean fits(byte[] bytes) {
        try {
            strict(bytes);
            return true;
        } catch (CharacterCodingException e) {
            return false;
        }
    }

    /** Decodes a file, less its mark. */
    public String decode(byte[] bytes) throws CharacterCodingException {
        return strict(bytes).toString();
    }

    private CharBuffer strict(byte[] bytes) throws CharacterCodingException {
        return charset.newDecoder()
                .onMalformedInput(CodingErrorAction.REPORT)
                .onUnmappableCharacter(CodingErrorAction.REPORT)
                .decode(ByteBuffer.wrap(bytes, mark.length(), bytes.length - mark.length()));
    }

    /**
     * Encodes a text, with the mark in front.
     *
     * @param file the file that it is for, for the error
     * @throws IOException if a character has no form in this encoding
     */
    public byte[] encode(String file, String text) throws IOException {
        ByteBuffer body;
        try {
            body = charset.newEncoder()
                    .onMalformedInput(CodingErrorAction.REPORT)
                    .onUnmappableCharacter(CodingErrorAction.REPORT)
                    .encode(CharBuffer.wrap(text));
        } catch (CharacterCodingException e) {
            throw new Refusal(
                    file + ": the text has a character that " + charset + " cannot write (" + e.getMessage() + ")", e);
        }
        byte[] start = mark.getBytes(StandardCharsets.ISO_8859_1);
        byte[] bytes = Arrays.copyOf(start, start.length + body.remaining());
        body.get(bytes, start.length, body.remaining());
        return bytes;
    }
}
