package dev.agentloop.internal.log;

import dev.agentloop.Item;
import dev.agentloop.Prompt;
import dev.agentloop.internal.Json;
import dev.agentloop.internal.JsonFields;
import dev.agentloop.internal.prompt.ChunkedPrompt;
import dev.agentloop.internal.prompt.ItemLine;
import dev.agentloop.internal.prompt.ItemTable;
import dev.agentloop.internal.prompt.NamedItem;
import dev.agentloop.internal.prompt.PromptEnding;
import dev.agentloop.spi.StoreException;
import java.io.IOException;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Objects;
import java.util.Set;
import java.util.TreeSet;
import java.util.function.Function;
import java.util.function.Supplier;
import java.util.stream.IntStream;
import org.jspecify.annotations.Nullable;

/**
 * The prompt as the fold makes it: its items with their names, those that are not in it yet, and those that wait for the outputs
 * of a response. Not thread-safe.
 */
final class GrowingPrompt {
    private final List<NamedItem> unplaced = new ArrayList<>();
    private final List<NamedItem> deferred = new ArrayList<>();
    private final Set<Long> passedOver = new TreeSet<>();
    private @Nullable Prompt prompt;
    // Parallel to the items of the prompt.
    private long[] names = new long[16];
    private boolean endingStale;

    boolean begun() {
        return prompt != null;
    }

    /** The prompt begins again. */
    void begin(ChunkedPrompt head, List<NamedItem> items) {
        unplaced.clear();
        names = new long[Math.max(16, items.size())];
        prompt = head;
        unplaced.addAll(items);
        endingStale = true;
    }

    /** Has other items in the place of its own, and tells where the prompt has one less. */
    void replace(Function<NamedItem, @Nullable NamedItem> with, CompactionState places) {
        List<NamedItem> items = items();
        List<NamedItem> kept = new ArrayList<>(items.size());
        int tail = places.tail();
        int before = 0;
        for (int i = 0; i < items.size(); i++) {
            NamedItem item = with.apply(items.get(i));
            if (item != null) {
                places.marked(items.get(i), item);
                kept.add(item);
            }
            before = i + 1 == tail ? kept.size() : before;
        }
        places.tail(Math.min(tail, before));
        begin(ChunkedPrompt.of(ChunkedPrompt.fixed(placed())), kept);
        List<NamedItem> waiting = List.copyOf(deferred);
        deferred.clear();
        waiting.stream().map(with).filter(Objects::nonNull).forEach(deferred::add);
        passedOver.clear();
    }

    /** Something that was erased, and for which nothing stands, was in the prompt. */
    void passOver(long version) {
        passedOver.add(version);
    }

    /** The same of a window that has nothing else before it. */
    void passedOver(List<Long> versions) {
        passedOver.clear();
        passedOver.addAll(versions);
    }

    /** Where items go that have their place next. */
    List<NamedItem> unplaced() {
        return unplaced;
    }

    /** What waits until the calls of the response have their outputs. */
    List<NamedItem> deferred() {
        return deferred;
    }

    /**
     * Forked between reasoning and the item that it led to: without that the API refuses it. It goes whether or not the prompt was
     * asked for since it came.
     *
     * @param from where the response begins: nothing before it goes
     */
    void dropTrailingReasoning(int from) {
        List<NamedItem> items = items();
        int kept = items.size();
        while (kept > from && items.get(kept - 1).item() instanceof Item.Reasoning) {
            kept--;
        }
        if (kept < items.size()) {
            begin(ChunkedPrompt.of(ChunkedPrompt.fixed(placed())), items.subList(0, kept));
        }
    }

    /** How many cache breakpoints there are from a place on. */
    int breakpoints(int from) {
        Prompt folded = placed();
        return IntStream.range(from, folded.size())
                .map(place -> ItemLine.breakpoints(folded.item(place)))
                .sum();
    }

    void writeDeferred(Json.Writer out, ItemTable table) throws IOException {
        out.raws(
                "deferred",
                deferred.stream().map(item -> String.valueOf(table.place(item))).toList());
    }

    void readDeferred(JsonFields state, ItemTable table) {
        deferred.addAll(table.all(state, "deferred"));
    }

    /** Gives those that waited their place. */
    void placeDeferred() {
        unplaced.addAll(deferred);
        deferred.clear();
    }

    /** The ending of requests is another one. */
    void endingChanged() {
        endingStale = true;
    }

    Prompt prompt(Supplier<PromptEnding> ending) {
        Prompt folded = placed();
        if (endingStale) {
            folded = ((ChunkedPrompt) folded).withEnding(ending.get());
            endingStale = false;
            prompt = folded;
        }
        return folded;
    }

    private Prompt placed() {
        Prompt folded = prompt;
        if (folded == null) {
            throw new StoreException(StoreException.Kind.CORRUPT, "the log has items before its first epoch");
        }
        if (!unplaced.isEmpty()) {
            int size = folded.size();
            if (names.length < size + unplaced.size()) {
                names = Arrays.copyOf(names, Math.max(size + unplaced.size(), 2 * names.length));
            }
            for (NamedItem each : unplaced) {
                names[size++] = each.version();
            }
            folded = folded.plus(unplaced.stream().map(NamedItem::item).toList());
            unplaced.clear();
            prompt = folded;
        }
        return folded;
    }

    /** All items with their names. */
    List<NamedItem> items() {
        Prompt folded = placed();
        List<NamedItem> items = new ArrayList<>(folded.size());
        for (int i = 0; i < folded.size(); i++) {
            items.add(new NamedItem(folded.item(i), names[i]));
        }
        return items;
    }

    /** Whether an item of this name is or was here, or waits to be. */
    boolean has(long version) {
        int size = placed().size();
        for (int i = 0; i < size; i++) {
            if (names[i] == version) {
                return true;
            }
        }
        return passedOver.contains(version) || deferred.stream().anyMatch(item -> item.version() == version);
    }
}
