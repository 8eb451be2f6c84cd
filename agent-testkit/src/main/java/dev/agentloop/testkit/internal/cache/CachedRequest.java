package dev.agentloop.testkit.internal.cache;

import dev.agentloop.internal.JsonFields;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.TreeSet;
import org.jspecify.annotations.Nullable;

/**
 * A request as a provider's cache sees it: the fixed fields in the server's own order, then the bytes of the input.
 * Immutable.
 */
public abstract class CachedRequest {
    /** The output's form stands before the system's message, then come tools, instructions and the input. */
    private static final List<String> IN_SERVER_ORDER =
            List.of("text", "reasoning", "service_tier", "tools", "instructions");

    private final String model;
    private final String key;
    private final Map<String, String> head = new LinkedHashMap<>();

    CachedRequest(JsonFields before, @Nullable JsonFields behind) {
        this.model = orEmpty(before.text("model"));
        this.key = key(before);
        for (String name : IN_SERVER_ORDER) {
            JsonFields fields = behind != null && behind.has(name) ? behind : before;
            JsonFields.Field field = fields.field(name);
            if (field != null && fields.has(name)) {
                head.put(name, fields.raw(field));
            }
        }
    }

    static String key(JsonFields fields) {
        return orEmpty(fields.text("prompt_cache_key"));
    }

    private static String orEmpty(@Nullable String text) {
        return text == null ? "" : text;
    }

    public final String model() {
        return model;
    }

    /** The value of {@code prompt_cache_key}; empty where there is none. */
    public final String key() {
        return key;
    }

    /** The fixed fields that are part of what is cached, by name, as JSON. */
    final Map<String, String> head() {
        return head;
    }

    /** The bytes of the fixed fields. */
    final byte[] headBytes() {
        StringBuilder text = new StringBuilder();
        head.forEach((name, value) -> text.append(name).append(value));
        return text.toString().getBytes(StandardCharsets.UTF_8);
    }

    /** The first field or item in which it does not go on from the request before; empty where it does. */
    public final String differenceTo(CachedRequest last) {
        Map<String, String> then = last.head;
        TreeSet<String> names = new TreeSet<>(then.keySet());
        names.addAll(head.keySet());
        for (String name : names) {
            if (!Objects.equals(then.get(name), head.get(name))) {
                return name;
            }
        }
        int item = firstDifferentItem(last);
        return item < 0 ? "" : "item " + item;
    }

    private int firstDifferentItem(CachedRequest last) {
        int items = Math.min(last.size(), size());
        for (int i = Math.min(items, sameItems(last)); i < items; i++) {
            if (!Arrays.equals(last.item(i), item(i))) {
                return i;
            }
        }
        return last.size() > items ? items : -1;
    }

    /** How many input items there are. */
    abstract int size();

    /** Where the first {@code items} items end in {@link #wire}; with 0, where the input begins. */
    abstract long end(int items);

    /** The request's bytes, at least as far as its last item. */
    abstract List<ByteBuffer> wire();

    /** How many items from the start are surely those of {@code before}, by their bytes. */
    abstract int sameItems(CachedRequest before);

    /** The bytes of an item, with what parts it from the item before. */
    final byte[] item(int index) {
        return input(end(index) - end(0), end(index + 1) - end(0));
    }

    /** The bytes of the input between two places in it, counted from the input's begin. */
    final byte[] input(long from, long to) {
        byte[] out = new byte[Math.toIntExact(to - from)];
        long skip = end(0) + from;
        int done = 0;
        for (ByteBuffer buffer : wire()) {
            int offset = (int) Math.min(skip, buffer.remaining());
            int take = Math.min(buffer.remaining() - offset, out.length - done);
            buffer.get(buffer.position() + offset, out, done, take);
            skip -= offset;
            done += take;
        }
        return out;
    }
}
