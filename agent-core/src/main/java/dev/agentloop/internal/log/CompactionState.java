package dev.agentloop.internal.log;

import dev.agentloop.Compactor;
import dev.agentloop.Item;
import dev.agentloop.Usage;
import dev.agentloop.internal.Json;
import dev.agentloop.internal.JsonFields;
import dev.agentloop.internal.prompt.ItemLine;
import dev.agentloop.internal.prompt.WithoutImages;
import java.io.IOException;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import org.jspecify.annotations.Nullable;

/** What the fold knows of compactions: what must survive one, what is counted, and those that were. Not thread-safe. */
public final class CompactionState {
    private final Map<Item, String> sections = new HashMap<>();
    private final List<Item> userMessages = new ArrayList<>();
    private final Map<String, Item> pins = new LinkedHashMap<>();
    private final List<Compactor.Completed> all = new ArrayList<>();
    private Usage underWay = Usage.NONE;
    private int tail;
    private boolean receiving;
    private boolean unadopted;
    private boolean unproven;
    private long counted;
    private int countedItems;

    void said(Item item) {
        if (item instanceof Item.Message message && message.role().equals("user")) {
            userMessages.add(item);
        }
    }

    /** The context has an item with a section, in place of the one before. */
    void context(String section, Item item) {
        sections.put(ItemLine.withoutBreakpoints(item), section);
    }

    /** The section of the context that an item of the prompt is or was; null for other items. */
    public @Nullable String section(Item item) {
        return sections.get(ItemLine.withoutBreakpoints(item));
    }

    void pinned(String name, Item item) {
        pins.put(name, item);
    }

    void unpinned(String name) {
        pins.remove(name);
    }

    /** A prompt of so many items was sent. */
    void sent(int items) {
        tail = items;
    }

    /** The server has counted the prompt of so many items. */
    void counted(Usage usage, int items) {
        counted = usage.estimated() ? 0 : usage.total();
        countedItems = items;
    }

    /** The fixed fields are others now: what was counted does not hold. */
    void restarted() {
        counted = 0;
    }

    /** All items were replaced. */
    void restated(List<Item> before, List<Item> after) {
        restarted();
        unproven = false;
        int same = 0;
        while (same < Math.min(before.size() - tail, after.size())
                && before.get(before.size() - 1 - same).equals(after.get(after.size() - 1 - same))) {
            same++;
        }
        tail = after.size() - same;
        keepUserMessages(after);
        keepPins(after);
    }

    // A server gives the user's messages back in bytes of its own, and images are left out.
    private void keepUserMessages(List<Item> after) {
        Set<String> words = userMessages.stream().map(WithoutImages::words).collect(Collectors.toSet());
        userMessages.clear();
        after.stream()
                .filter(item -> item instanceof Item.Message && words.contains(WithoutImages.words(item)))
                .forEach(userMessages::add);
        sections.keySet()
                .retainAll(after.stream().map(ItemLine::withoutBreakpoints).collect(Collectors.toSet()));
    }

    /** Writes which of these items are messages of the user's, and which are of the context, by this fold and an older one. */
    public void writeRoles(Json.Writer out, List<Item> items, CompactionState older) throws IOException {
        Set<Item> messages = new HashSet<>(userMessages);
        messages.addAll(older.userMessages);
        Map<Item, String> context = new HashMap<>(older.sections);
        context.putAll(sections);
        IntStream said = IntStream.range(0, items.size()).filter(i -> messages.contains(items.get(i)));
        out.raws("user_messages", said.mapToObj(String::valueOf).toList());
        out.array("context", a -> {
            for (int i = 0; i < items.size(); i++) {
                String section = context.get(ItemLine.withoutBreakpoints(items.get(i)));
                int place = i;
                if (section != null) {
                    a.element(w -> w.text("name", section).number("item", place));
                }
            }
        });
    }

    /** Takes in what {@link #writeRoles} wrote. */
    void readRoles(JsonFields roles, List<Item> items) {
        userMessages.clear();
        sections.clear();
        JsonFields messages = roles.inner("user_messages");
        if (messages != null) {
            messages.all().forEach(index -> userMessages.add(items.get(Integer.parseInt(messages.raw(index)))));
        }
        for (JsonFields section : roles.inners("context")) {
            context(section.textOrEmpty("name"), items.get((int) section.number("item", 0)));
        }
    }

    private void keepPins(List<Item> after) {
        Set<Item> there = new HashSet<>(after);
        Map<String, Item> messages = new HashMap<>();
        after.stream()
                .filter(Item.Message.class::isInstance)
                .forEach(item -> messages.put(WithoutImages.words(item), item));
        pins.replaceAll((name, pin) -> there.contains(pin) || !(pin instanceof Item.Message)
                ? pin
                : messages.getOrDefault(WithoutImages.words(pin), pin));
        pins.values().retainAll(there);
    }

    /** A compaction item came in with a response that is under way. */
    void received() {
        receiving = true;
    }

    /** The response is over; what it brought counts only if it is whole. */
    void responseEnded(boolean answered, boolean whole) {
        unadopted |= receiving && whole;
        unproven &= !answered;
        receiving = false;
    }

    /** Whether a whole response has brought a compaction item that the prompt does not begin with yet. */
    public boolean unadopted() {
        return unadopted;
    }

    /** A server's own compaction was not made the beginning of the prompt, and will not be. */
    void passedOver() {
        unadopted = false;
    }

    /** The newest compaction, as long as no server has answered a prompt of it and its items were not replaced since. */
    public Optional<Compactor.Completed> unproven() {
        return unproven ? Optional.of(all.get(all.size() - 1)) : Optional.empty();
    }

    void begun(Usage estimate) {
        underWay = estimate;
    }

    /** A compaction that was paid for and never ended; what it is estimated at. */
    Usage lost() {
        Usage lost = underWay;
        underWay = Usage.NONE;
        return lost;
    }

    void ended(long version, JsonFields entry) {
        underWay = Usage.NONE;
        unadopted = false;
        unproven = true;
        all.add(compaction(version, entry));
    }

    /** Writes what cannot be told from the prompt of these items. */
    void write(Json.Writer out, List<Item> items) throws IOException {
        writeRoles(out, items, this);
        out.objects("pins", pins.entrySet(), (w, pin) -> {
            w.text("name", pin.getKey()).number("item", items.indexOf(pin.getValue()));
        });
        out.number("tail", tail).flag("unadopted", unadopted).flag("unproven", unproven);
        Entry.writeUsage(out, "under_way", underWay);
        out.objects("compactions", all, (w, one) -> {
            w.number("version", one.version())
                    .text("by", one.by())
                    .text("why", one.reason().name());
            w.number("tokens_before", one.tokensBefore()).number("tokens_after", one.tokensAfter());
            Entry.writeUsage(w, "usage", one.usage());
        });
    }

    /** Takes in what {@link #write} wrote behind the first entry that is read. */
    void read(JsonFields state, List<Item> items) {
        all.clear();
        readRoles(state, items);
        for (JsonFields pin : state.inners("pins")) {
            pins.put(pin.textOrEmpty("name"), items.get((int) pin.number("item", 0)));
        }
        tail = (int) state.number("tail", 0);
        unadopted = state.flag("unadopted", false);
        underWay = Entry.usage(state, "under_way");
        state.inners("compactions").forEach(one -> all.add(compaction(one.number("version", 0), one)));
        unproven = state.flag("unproven", false);
    }

    private static Compactor.Completed compaction(long version, JsonFields entry) {
        return new Compactor.Completed(
                version,
                entry.textOrEmpty("by"),
                Compactor.Reason.valueOf(entry.textOrEmpty("why")),
                entry.number("tokens_before", 0),
                entry.number("tokens_after", 0),
                Entry.usage(entry, "usage"));
    }

    public List<Compactor.Completed> all() {
        return List.copyOf(all);
    }

    public List<Item> userMessages() {
        return userMessages;
    }

    public Map<String, Item> pins() {
        return pins;
    }

    /** The place of the first item that the model has not gone on from. */
    public int tail() {
        return tail;
    }

    /** What the server counted last, 0 where that does not hold any more. */
    public long counted() {
        return counted;
    }

    public int countedItems() {
        return countedItems;
    }
}
