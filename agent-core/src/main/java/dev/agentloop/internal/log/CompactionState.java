package dev.agentloop.internal.log;

import dev.agentloop.Compactor;
import dev.agentloop.Item;
import dev.agentloop.Usage;
import dev.agentloop.internal.Json;
import dev.agentloop.internal.JsonFields;
import dev.agentloop.internal.prompt.ItemTable;
import dev.agentloop.internal.prompt.NamedItem;
import java.io.IOException;
import java.util.ArrayList;
import java.util.Deque;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.Set;
import java.util.function.Function;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;

/** What the fold knows of compactions: what must survive one, what is counted, and those that were. Not thread-safe. */
public final class CompactionState {
    private final ContextRoles context = new ContextRoles();
    private final List<NamedItem> userMessages = new ArrayList<>();
    private final Map<String, NamedItem> pins = new LinkedHashMap<>();
    private Compactor.@Nullable Completed newest;
    private Usage underWay = Usage.NONE;
    private int tail;
    private boolean receiving;
    private boolean unadopted;
    private boolean unproven;
    private long counted;
    private int countedItems;

    /** An item of this kind came in. */
    void note(String kind, NamedItem item) {
        if (kind.equals(Entry.ITEM_USER)) {
            said(item);
        } else if (kind.startsWith(Entry.ITEM_PIN)) {
            pins.put(kind.substring(Entry.ITEM_PIN.length()), item);
        } else if (kind.startsWith(Entry.ITEM_CONTEXT)) {
            context.put(kind.substring(Entry.ITEM_CONTEXT.length()), item);
        }
    }

    /** An item that waits for its place was read, of which it may not be known what it is. */
    void waits(NamedItem item) {
        if (!userMessages.contains(item) && !pins.containsValue(item) && context.of(item) == null) {
            said(item);
        }
    }

    private void said(NamedItem item) {
        if (item.item() instanceof Item.Message message && message.role().equals("user")) {
            userMessages.add(item);
        }
    }

    /** The section of the context that an item of these words is or was; null for other items. */
    public @Nullable String section(Item item) {
        return context.of(item);
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

    /** All items were replaced, but for those that wait for their place. */
    void restated(List<NamedItem> before, List<NamedItem> after, List<NamedItem> waiting) {
        restarted();
        unproven = false;
        tail = tailOf(before, after);
        List<NamedItem> all = new ArrayList<>(after);
        all.addAll(waiting);
        keepUserMessages(all);
        context.keepOnly(all);
        replacePins(pin -> pin.in(all));
    }

    // What the model has not gone on from stays at the end; some of it may be left out.
    private int tailOf(List<NamedItem> before, List<NamedItem> after) {
        Set<Long> there = after.stream().map(NamedItem::version).collect(Collectors.toSet());
        int place = after.size();
        for (int i = before.size() - 1; i >= tail; i--) {
            boolean same = place > 0 && after.get(place - 1).standsFor(before.get(i));
            if (!same && there.contains(before.get(i).version())) {
                break;
            }
            place -= same ? 1 : 0;
        }
        return place;
    }

    // By their names: a server gives the user's messages back in bytes of its own, and images are left out.
    private void keepUserMessages(List<NamedItem> after) {
        Map<Long, List<NamedItem>> known = userMessages.stream().collect(Collectors.groupingBy(NamedItem::version));
        userMessages.clear();
        after.stream()
                .filter(item ->
                        known.getOrDefault(item.version(), List.of()).stream().anyMatch(item::isFormOf))
                .forEach(userMessages::add);
    }

    /** Has other items in the place of those that it knows, and none in that of those for which null is given. */
    void replace(Function<NamedItem, @Nullable NamedItem> with) {
        userMessages.removeIf(item -> with.apply(item) == null);
        userMessages.replaceAll(item -> Objects.requireNonNullElse(with.apply(item), item));
        replacePins(with);
    }

    private void replacePins(Function<NamedItem, @Nullable NamedItem> with) {
        pins.values().removeIf(pin -> with.apply(pin) == null);
        pins.replaceAll((name, pin) -> Objects.requireNonNullElse(with.apply(pin), pin));
    }

    /** An item of the prompt has this mark in its place, and is what it was of the context. */
    void marked(NamedItem item, NamedItem mark) {
        String section = context.of(item);
        if (section != null) {
            context.put(section, mark);
        }
    }

    void tail(int place) {
        tail = place;
    }

    /** Writes which of these items are messages of the user's, and which are of the context, by this fold and an older one. */
    public void writeRoles(Json.Writer out, List<NamedItem> items, CompactionState older) throws IOException {
        writeRoles(out, items, ItemTable.of(items), older);
    }

    private void writeRoles(Json.Writer out, List<NamedItem> items, ItemTable table, CompactionState older)
            throws IOException {
        Set<NamedItem> messages = new HashSet<>(userMessages);
        messages.addAll(older.userMessages);
        out.raws(
                "user_messages",
                items.stream()
                        .filter(messages::contains)
                        .map(item -> String.valueOf(table.place(item)))
                        .toList());
        context.and(older.context).write(out, items, table);
    }

    /** Takes in what {@link #writeRoles} wrote, and keeps what is known of the items that wait for their place. */
    void readRoles(JsonFields roles, ItemTable items, List<NamedItem> waiting) {
        List<NamedItem> later = userMessages.stream().filter(waiting::contains).toList();
        userMessages.clear();
        userMessages.addAll(items.all(roles, "user_messages"));
        userMessages.addAll(later);
        context.keepOnly(waiting);
        context.read(roles, items);
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

    /** The newest compaction, as long as no server has answered a prompt of it and its items were not replaced since. */
    public Optional<Compactor.Completed> unproven() {
        return unproven ? newest() : Optional.empty();
    }

    /** One begins, between turns also after one that was lost; gives what that one is estimated at. */
    Usage begun(Usage estimate) {
        Usage lost = lost();
        underWay = estimate;
        return lost;
    }

    /** One has failed; gives what it used. */
    Usage failed(JsonFields entry) {
        underWay = Usage.NONE;
        unadopted &= !Entry.SERVER.equals(entry.text("by"));
        return Entry.usage(entry, "usage");
    }

    /** Whether one that is paid for is under way, or was when its process died. */
    public boolean underWay() {
        return !underWay.equals(Usage.NONE);
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
        newest = compaction(version, entry);
    }

    /** Writes what cannot be told from the prompt of these items. */
    void write(Json.Writer out, List<NamedItem> items, ItemTable table) throws IOException {
        writeRoles(out, items, table, this);
        out.objects("pins", pins.entrySet(), (w, pin) -> {
            w.text("name", pin.getKey()).number("item", table.place(pin.getValue()));
        });
        out.number("tail", tail).flag("unadopted", unadopted).flag("unproven", unproven);
        Entry.writeUsage(out, "under_way", underWay);
        List<Compactor.Completed> known = newest().map(List::of).orElse(List.of());
        out.objects("compactions", known, (w, one) -> {
            w.number("version", one.version())
                    .text("by", one.by())
                    .text("why", one.reason().name());
            w.number("tokens_before", one.tokensBefore()).number("tokens_after", one.tokensAfter());
            Entry.writeUsage(w, "usage", one.usage());
        });
    }

    /** Takes in what {@link #write} wrote behind the first entry that is read. */
    void read(JsonFields state, ItemTable items) {
        readRoles(state, items, List.of());
        for (JsonFields pin : state.inners("pins")) {
            NamedItem item = items.at(pin, "item");
            if (item != null) {
                pins.put(pin.textOrEmpty("name"), item);
            }
        }
        tail = items.before((int) state.number("tail", 0));
        unadopted = state.flag("unadopted", false);
        underWay = Entry.usage(state, "under_way");
        // Older versions of this library have restated all of them.
        state.inners("compactions").forEach(one -> newest = compaction(one.number("version", 0), one));
        unproven = state.flag("unproven", false);
    }

    /**
     * Puts the compaction that a window is before those that came later.
     *
     * @return whether it has put all the others there, too: older versions of this library have restated them in each window
     */
    static boolean addOlder(JsonFields window, long version, Deque<Compactor.Completed> later) {
        JsonFields state = window.inner(Entry.STATE);
        List<JsonFields> restated = state == null ? List.of() : state.inners("compactions");
        if (restated.size() > 1) {
            for (int i = restated.size() - 1; i >= 0; i--) {
                later.addFirst(compaction(restated.get(i).number("version", 0), restated.get(i)));
            }
        } else if (window.has("by")) {
            later.addFirst(compaction(version, window));
        }
        return restated.size() > 1;
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

    /** The newest compaction. */
    public Optional<Compactor.Completed> newest() {
        return Optional.ofNullable(newest);
    }

    public List<Item> userMessages() {
        return userMessages.stream().map(NamedItem::item).toList();
    }

    public List<Item> pins() {
        return pins.values().stream().map(NamedItem::item).toList();
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
