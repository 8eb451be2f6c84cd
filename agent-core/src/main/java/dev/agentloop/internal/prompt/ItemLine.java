package dev.agentloop.internal.prompt;

import dev.agentloop.Item;
import dev.agentloop.internal.CacheBreakpoint;
import dev.agentloop.internal.ItemBytes;
import dev.agentloop.internal.JsonFields;
import java.util.List;
import org.jspecify.annotations.Nullable;

/** Items by their bytes. */
public final class ItemLine {
    private ItemLine() {}

    /** The bytes of an item, which nobody may write to. */
    public static byte[] of(Item item) {
        return ItemBytes.lineOf((ItemBytes) item);
    }

    /** The items in an array; none where it is absent. */
    public static List<Item> all(@Nullable JsonFields array) {
        return array == null
                ? List.of()
                : array.all().stream().map(place -> Item.of(array.bytes(place))).toList();
    }

    /** How many cache breakpoints an item has; only messages have any. */
    public static int breakpoints(Item item) {
        return item instanceof Item.Message ? CacheBreakpoint.count(of(item)) : 0;
    }

    /** The item without cache breakpoints; the same if there are none. */
    public static Item withoutBreakpoints(Item item) {
        byte[] plain = item instanceof Item.Message ? CacheBreakpoint.without(of(item)) : of(item);
        return plain == of(item) ? item : Item.of(plain);
    }
}
