package dev.agentloop;

import dev.agentloop.internal.prompt.ChunkedPrompt;
import java.nio.ByteBuffer;
import java.util.List;

/**
 * What the model will see: fixed fields (model, instructions, tools, settings) and a list of items.
 *
 * <p>Immutable; growing it is the only way to change it, and a grown prompt begins with the very bytes of the one it grew
 * from. Snapshots and forks share those bytes, in chunks of up to 256 KiB, so growing costs what is new. Thread-safe.
 */
public sealed interface Prompt permits ChunkedPrompt {

    /** A prompt without items. */
    static Prompt of(PromptSettings settings, Toolbox tools) {
        return ChunkedPrompt.of(settings.head(tools.json(settings.customTools())));
    }

    /**
     * The fixed fields of the request as one line of JSON, in wire order. Where {@code prompt_cache_options} have a
     * {@code comparison_response_id}, they are sent in the {@link #ending} instead of here.
     */
    String head();

    /**
     * The fields behind the items, as JSON text without braces, such as {@code "tool_choice":"auto"}; never empty.
     *
     * <p>They may differ from one request to the next: no part of {@link #wire}, {@link #length}, {@link #hash} or
     * {@link #startsWith}. Given by the log like everything else: the tools that the turn under way may call, and the last
     * response where the settings ask for a comparison with it.
     */
    String ending();

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
     * with. A client adds {@code ],}, the {@link #ending}, and {@code }}.
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
