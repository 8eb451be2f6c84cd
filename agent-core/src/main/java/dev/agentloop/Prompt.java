package dev.agentloop;

import java.nio.ByteBuffer;
import java.util.List;

/**
 * What the model will see: fixed fields (model, instructions, tools, settings) and a list of items.
 *
 * <p>Immutable; growing it is the only way to change it, and a grown prompt begins with the very bytes of the one it grew
 * from. Snapshots and forks share those bytes, in chunks of up to 64 KiB, so growing costs what is new. Thread-safe.
 */
public sealed interface Prompt permits ChunkedPrompt {

    /** A prompt without items. */
    static Prompt of(PromptSettings settings, Toolbox tools) {
        return ChunkedPrompt.of(settings.head(tools.json(settings.customTools())));
    }

    /** The fixed fields of the request as one line of JSON, in wire order. */
    String head();

    /** The model's name in the fixed fields. */
    String model();

    /** How many items there are. */
    int size();

    /** The item at {@code index}, read from the prompt's bytes. */
    Item item(int index);

    /** The items, read when they are asked for; a view that does not change. */
    List<Item> items();

    /** This prompt and then these items. */
    Prompt plus(List<? extends Item> items);

    /**
     * The request's bytes from the first through the last byte of the last item: the part that a longer prompt begins
     * with. A client adds {@code ]}, what may vary from request to request, and {@code }}.
     *
     * @return read-only buffers of their own positions, to be sent in order; the bytes are not copied
     */
    List<ByteBuffer> wire();

    /** How many bytes {@link #wire} has up to and including the first {@code items} items. */
    long length(int items);

    /** How many bytes {@link #wire} has. */
    default long length() {
        return length(size());
    }

    /** A hash over the fixed fields and the first {@code items} items; equal bytes have equal hashes. */
    long hash(int items);

    /** Whether this prompt begins with all of {@code earlier}; judged by the hashes, in constant time. */
    default boolean startsWith(Prompt earlier) {
        return earlier.size() <= size() && hash(earlier.size()) == earlier.hash(earlier.size());
    }
}
