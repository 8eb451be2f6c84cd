package dev.agentloop.internal.prompt;

import dev.agentloop.Item;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;

/**
 * An item and its name in the log: the version of the entry that it came with, or of the window that it was born in. Items born
 * in one window share its name. Forks that have the entry have the name.
 */
public record NamedItem(Item item, long version) {
    /** What stands for this item where those of these names are erased: itself, a mark, or null for nothing. */
    public @Nullable NamedItem redacted(Set<Long> names) {
        Item mark = names.contains(version) ? ItemMark.of(item) : item;
        return mark == null ? null : mark == item ? this : new NamedItem(mark, version);
    }

    /** Whether this is a mark, or has the form of one. */
    public boolean isMark() {
        return item.equals(ItemMark.of(item));
    }

    /** The same item without cache breakpoints. */
    public NamedItem withoutBreakpoints() {
        Item plain = ItemLine.withoutBreakpoints(item);
        return plain == item ? this : new NamedItem(plain, version);
    }

    /** What this goes on as among these: by its name, in a form of it, or else the newest of the same words; null if gone. */
    public @Nullable NamedItem in(List<NamedItem> items) {
        NamedItem form = null;
        NamedItem words = null;
        for (NamedItem each : items) {
            if (each.standsFor(this)) {
                return each;
            }
            form = form == null && each.isFormOf(this) ? each : form;
            words = each.item.equals(item) ? each : words;
        }
        return form != null ? form : words;
    }

    /** Gives items the names that these have. */
    public static Function<NamedItem, @Nullable NamedItem> namesOf(List<NamedItem> known) {
        Map<Item, Long> names = new HashMap<>();
        known.forEach(each -> names.put(each.item, each.version));
        return each -> new NamedItem(each.item, names.getOrDefault(each.item, each.version));
    }

    /**
     * Whether this is the other one, or one of them is the mark of the other: where a crash has left an erasure half done, a log
     * has both.
     */
    public boolean standsFor(NamedItem other) {
        return version == other.version
                && (item.equals(other.item)
                        || item.equals(ItemMark.of(other.item))
                        || other.item.equals(ItemMark.of(item)));
    }

    /** Whether this is the other one, or a form of it: a mark, without images or breakpoints, or in a server's bytes. */
    public boolean isFormOf(NamedItem other) {
        return version == other.version
                && (standsFor(other)
                        || item instanceof Item.Message
                                && other.item instanceof Item.Message
                                && WithoutImages.words(item).equals(WithoutImages.words(other.item)));
    }
}
