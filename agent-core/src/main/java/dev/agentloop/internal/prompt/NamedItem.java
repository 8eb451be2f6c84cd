package dev.agentloop.internal.prompt;

import dev.agentloop.Item;

/**
 * An item and its name in the log: the version of the entry that it came with, or of the window that it was born in. Items born
 * in one window share its name. Forks that have the entry have the name.
 */
public record NamedItem(Item item, long version) {
    /** Whether this is the other one, or a form of it: without images or breakpoints, or in a server's bytes. */
    public boolean isFormOf(NamedItem other) {
        return version == other.version
                && (item.equals(other.item)
                        || item instanceof Item.Message
                                && other.item instanceof Item.Message
                                && WithoutImages.words(item).equals(WithoutImages.words(other.item)));
    }
}
