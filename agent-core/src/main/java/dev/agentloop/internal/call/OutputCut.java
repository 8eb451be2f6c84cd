package dev.agentloop.internal.call;

import dev.agentloop.ToolOutput;
import dev.agentloop.ToolOutput.Part;
import dev.agentloop.ToolOutput.Text;
import dev.agentloop.internal.prompt.TokenEstimate;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;

/**
 * Cuts the text of an output to a budget of tokens before it is first sent: head and tail stay, and the exact counts stand
 * before them. Later it could not be cut without breaking the prefix.
 */
public final class OutputCut {
    private OutputCut() {}

    /** Whether the texts of the output are together longer than the budget. */
    public static boolean needed(ToolOutput output, int tokens) {
        long most = (long) tokens * TokenEstimate.BYTES_PER_TOKEN;
        // A char is at least one byte and at most three, so most outputs need no count.
        long chars = chars(output);
        return chars > most || (chars * 3 > most && bytes(output) > most);
    }

    private static long chars(ToolOutput output) {
        long chars = 0;
        for (Part part : output.parts()) {
            chars += part instanceof Text text ? text.text().length() : 0;
        }
        return chars;
    }

    private static long bytes(ToolOutput output) {
        long bytes = 0;
        for (Part part : output.parts()) {
            bytes += part instanceof Text text ? text.text().getBytes(StandardCharsets.UTF_8).length : 0;
        }
        return bytes;
    }

    /** The output with its texts cut to one budget together; images stay. */
    public static ToolOutput cut(ToolOutput output, int tokens, String callId) {
        byte[] whole = output.text().getBytes(StandardCharsets.UTF_8);
        int most = tokens * TokenEstimate.BYTES_PER_TOKEN;
        int headEnd = boundary(whole, most / 2);
        int tailStart = boundary(whole, whole.length - (most - most / 2));
        String text = "Warning: truncated output (original token count: " + TokenEstimate.ofBytes(whole.length) + ")\n"
                + "Total output lines: " + lines(whole) + "\n"
                + "The whole text is kept under call id " + callId + ".\n\n"
                + new String(whole, 0, headEnd, StandardCharsets.UTF_8)
                + "\n…" + TokenEstimate.ofBytes((long) tailStart - headEnd) + " tokens truncated…\n"
                + new String(whole, tailStart, whole.length - tailStart, StandardCharsets.UTF_8);
        List<Part> parts = new ArrayList<>();
        parts.add(new Text(text));
        output.parts().stream().filter(part -> !(part instanceof Text)).forEach(parts::add);
        return new ToolOutput(parts, output.error());
    }

    private static long lines(byte[] text) {
        long lines = text.length > 0 && text[text.length - 1] != '\n' ? 1 : 0;
        for (byte b : text) {
            lines += b == '\n' ? 1 : 0;
        }
        return lines;
    }

    // The start of the character that the offset lies in: a cut never splits one.
    private static int boundary(byte[] text, int offset) {
        int at = offset;
        while (at > 0 && at < text.length && (text[at] & 0xC0) == 0x80) {
            at--;
        }
        return at;
    }
}
