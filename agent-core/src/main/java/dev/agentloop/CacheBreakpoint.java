package dev.agentloop;

import dev.agentloop.internal.JsonFields;
import dev.agentloop.internal.JsonFields.Field;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Set;

/**
 * The mark on a part of a message that has the provider keep the prompt up to there: {@code prompt_cache_breakpoint}.
 */
final class CacheBreakpoint {
    private static final String NAME = "prompt_cache_breakpoint";
    private static final byte[] QUOTED = ('"' + NAME + '"').getBytes(StandardCharsets.US_ASCII);
    private static final byte[] MARK =
            (",\"" + NAME + "\":{\"mode\":\"explicit\"}").getBytes(StandardCharsets.US_ASCII);
    private static final Set<String> PARTS = Set.of("input_text", "input_image", "input_file");

    private CacheBreakpoint() {}

    /** The message with a mark on its last part that can have one; the same if that has it already. */
    static Item on(Item item) {
        if (!(item instanceof Item.Message message) || message.role().equals("assistant")) {
            throw new IllegalArgumentException("a cache breakpoint is set in a message that the host wrote, not in "
                    + (item instanceof Item.Message ? "one of the model's" : "an item of type " + item.type()));
        }
        byte[] line = message.line();
        Part last = null;
        for (Part part : parts(line)) {
            last = PARTS.contains(ItemBytes.orEmpty(part.fields.text("type"))) ? part : last;
        }
        if (last == null) {
            throw new IllegalArgumentException("a cache breakpoint is set on a part with text, an image or a file, and"
                    + " this message has none; write it with Item.user, Item.developer or Item.message");
        }
        return last.marked() ? item : Item.of(replaced(line, last, with(last.bytes())));
    }

    /** How many marks there are in a message; 0 in any other item. */
    static int count(Item item) {
        int count = 0;
        if (item instanceof Item.Message message && mentions(message.line())) {
            for (Part part : parts(message.line())) {
                count += part.marked() ? 1 : 0;
            }
        }
        return count;
    }

    /** The item without marks; the same if there are none. */
    static Item without(Item item) {
        Item plain = item;
        while (count(plain) > 0) {
            byte[] line = ((ItemBytes) plain).line();
            Part marked = parts(line).stream().filter(Part::marked).findFirst().orElseThrow();
            plain = Item.of(replaced(line, marked, marked.fields.line(NAME)));
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
