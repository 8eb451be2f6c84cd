package dev.agentloop.internal.prompt;

import com.fasterxml.jackson.core.JsonToken;
import dev.agentloop.Compactor;
import dev.agentloop.Item;
import dev.agentloop.internal.ItemBytes;
import dev.agentloop.internal.JsonFields;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import org.jspecify.annotations.Nullable;

/*
 * The numbers are those of Codex: text has about four bytes a token; encrypted reasoning is base64 of the text with some
 * 650 bytes around it; an image counts by its size in patches and not by its bytes.
 */
/** About how many tokens an item takes in a prompt, where no server has counted. */
public final class TokenEstimate {
    public static final int BYTES_PER_TOKEN = 4;
    private static final int IMAGE = 1_844;
    private static final int LARGEST_IMAGE = 10_000;
    private static final int ENVELOPE = 650;
    private static final byte[] IMAGE_TYPE = "input_image".getBytes(StandardCharsets.US_ASCII);
    private static final byte[] REASONING = "encrypted_content".getBytes(StandardCharsets.US_ASCII);

    private TokenEstimate() {}

    public static long of(List<Item> items) {
        return items.stream().mapToLong(TokenEstimate::of).sum();
    }

    public static long of(Item item) {
        byte[] line = ItemLine.of(item);
        return of(line, 0, line.length);
    }

    /** The same of an item whose bytes lie between two offsets. */
    static long of(byte[] bytes, int from, int to) {
        if (!mayHaveMore(bytes, from, to)) {
            return ofBytes(to - from);
        }
        JsonFields item = JsonFields.of(bytes, from, to);
        return switch (ItemBytes.typeOf(item)) {
            case "reasoning" -> reasoning(item, to - from);
            case "message" -> withImages(item.inner("content"), to - from);
            case "function_call_output", "custom_tool_call_output" -> withImages(item.inner("output"), to - from);
            default -> ofBytes(to - from);
        };
    }

    // Most items are text alone, and each is asked about once on its way into a prompt: they need not be taken apart.
    private static boolean mayHaveMore(byte[] bytes, int from, int to) {
        for (int i = from; i < to; i++) {
            if (bytes[i] == '_'
                    && (isAround(i, IMAGE_TYPE, bytes, from, to) || isAround(i, REASONING, bytes, from, to))) {
                return true;
            }
        }
        return false;
    }

    private static boolean isAround(int underscore, byte[] word, byte[] bytes, int from, int to) {
        int start = underscore;
        for (int i = 0; word[i] != '_'; i++) {
            start--;
        }
        int end = start + word.length;
        return start >= from && end <= to && Arrays.equals(bytes, start, end, word, 0, word.length);
    }

    /** Tokens of so many bytes of text. */
    public static long ofBytes(long bytes) {
        return (bytes + BYTES_PER_TOKEN - 1) / BYTES_PER_TOKEN;
    }

    /** The places of the newest messages of the user's that have no more than so many tokens together, newest first. */
    public static List<Integer> newestUserMessages(Compactor.Task task, long tokens) {
        List<Integer> newest = new ArrayList<>();
        long left = tokens;
        for (int i = task.userMessages().size() - 1; i >= 0; i--) {
            int place = task.userMessages().get(i);
            left -= of(task.prompt().item(place));
            if (left < 0) {
                break;
            }
            newest.add(place);
        }
        return newest;
    }

    private static long reasoning(JsonFields item, int length) {
        JsonFields.Field encrypted = item.field("encrypted_content");
        if (encrypted == null || encrypted.token() != JsonToken.VALUE_STRING) {
            return ofBytes(length);
        }
        // Base64 has nothing to unquote.
        int base64 = encrypted.end() - encrypted.start() - 2;
        long text = Math.max(0, base64 * 3L / 4 - ENVELOPE);
        return ofBytes(length - base64 + text);
    }

    private static long withImages(@Nullable JsonFields parts, int length) {
        if (parts == null) {
            return ofBytes(length);
        }
        long bytes = length;
        long images = 0;
        for (JsonFields.Field place : parts.all()) {
            JsonFields part = parts.inner(place);
            if (part != null && "input_image".equals(part.text("type"))) {
                bytes -= place.end() - place.start();
                images += "original".equals(part.text("detail")) ? LARGEST_IMAGE : IMAGE;
            }
        }
        return ofBytes(bytes) + images;
    }
}
