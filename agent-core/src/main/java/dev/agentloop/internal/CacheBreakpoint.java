package dev.agentloop.internal;

import dev.agentloop.internal.JsonFields.Field;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Set;

/**
 * The mark on a part of a message that has the provider keep the prompt up to there: {@code prompt_cache_breakpoint}.
 */
public final class CacheBreakpoint {
    private static final String NAME = "prompt_cache_breakpoint";
    private static final byte[] QUOTED = ('"' + NAME + '"').getBytes(StandardCharsets.US_ASCII);
    private static final byte[] MARK =
            (",\"" + NAME + "\":{\"mode\":\"explicit\"}").getBytes(StandardCharsets.US_ASCII);
    private static final Set<String> PARTS = Set.of("input_text", "input_image", "input_file");

    private CacheBreakpoint() {}

    /**
     * The message with a mark on its last part that can have one; the same array if that has it already.
     *
     * @throws IllegalArgumentException if no part can
     */
    public static byte[] on(byte[] message) {
        Part last = null;
        for (Part part : parts(message)) {
            last = PARTS.contains(part.fields.textOrEmpty("type")) ? part : last;
        }
        if (last == null) {
            throw new IllegalArgumentException("a cache breakpoint is set on a part with text, an image or a file, and"
                    + " this message has none; write it with Item.user, Item.developer or Item.message");
        }
        return last.marked() ? message : replaced(message, last, with(last.bytes()));
    }

    /** How many marks there are in a message. */
    public static int count(byte[] message) {
        int count = 0;
        if (mentions(message)) {
            for (Part part : parts(message)) {
                count += part.marked() ? 1 : 0;
            }
        }
        return count;
    }

    /** The message without marks; the same array if there are none. */
    public static byte[] without(byte[] message) {
        byte[] plain = message;
        while (count(plain) > 0) {
            Part marked = parts(plain).stream().filter(Part::marked).findFirst().orElseThrow();
            plain = replaced(plain, marked, marked.fields.line(NAME));
        }
        return plain;
    }

    /** A part of a message's content, and where it stands in the message. */
    private record Part(Field place, JsonFields fields, byte[] bytes) {
        boolean marked() {
            return fields.has(NAME);
        }
    }

    private static List<Part> parts(byte[] line) {
        List<Part> parts = new ArrayList<>();
        JsonFields content = JsonFields.of(line).inner("content");
        if (content != null) {
            for (Field place : content.all()) {
                JsonFields fields = content.inner(place);
                if (fields != null) {
                    parts.add(new Part(place, fields, content.bytes(place)));
                }
            }
        }
        return parts;
    }

    private static byte[] with(byte[] part) {
        byte[] marked = new byte[part.length + MARK.length];
        System.arraycopy(part, 0, marked, 0, part.length - 1);
        System.arraycopy(MARK, 0, marked, part.length - 1, MARK.length);
        marked[marked.length - 1] = '}';
        return marked;
    }

    private static byte[] replaced(byte[] line, Part old, byte[] part) {
        int start = old.place.start();
        int end = old.place.end();
        byte[] out = new byte[line.length - (end - start) + part.length];
        System.arraycopy(line, 0, out, 0, start);
        System.arraycopy(part, 0, out, start, part.length);
        System.arraycopy(line, end, out, start + part.length, line.length - end);
        return out;
    }

    // Nearly no message has a mark, and long ones need not be read for that.
    private static boolean mentions(byte[] line) {
        for (int at = 0; at <= line.length - QUOTED.length; at++) {
            if (line[at] == '"' && Arrays.equals(line, at, at + QUOTED.length, QUOTED, 0, QUOTED.length)) {
                return true;
            }
        }
        return false;
    }
}
