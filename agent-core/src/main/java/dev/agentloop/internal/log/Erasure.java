package dev.agentloop.internal.log;

import dev.agentloop.Item;
import dev.agentloop.internal.Json;
import dev.agentloop.internal.JsonFields;
import dev.agentloop.internal.call.Call;
import dev.agentloop.internal.control.HostStore;
import dev.agentloop.internal.prompt.ItemMark;
import dev.agentloop.internal.prompt.ItemTable;
import dev.agentloop.internal.prompt.NamedItem;
import dev.agentloop.spi.LogEntry;
import dev.agentloop.spi.StoreException;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Set;
import java.util.TreeMap;
import org.jspecify.annotations.Nullable;

/**
 * What is left of the entries of a log when what has a name is erased. A name is the version of an entry: of an item, of the window
 * that items were born in, of a question, a decision or an ending.
 */
public final class Erasure {
    private final long name;
    private final Place place;
    // The name of the call that the erased item is, answers or is about; 0 for none.
    private final long call;
    private final boolean callGoes;
    private final boolean ofModel;
    private final long responseBegun;
    private final List<Item> items;
    private final Words words = new Words();

    private Erasure(HostStore store, String id, LogEntry entry) {
        this.name = entry.version();
        this.place = Place.of(entry.kind());
        this.items = place == Place.ITEM ? item(entry) : place == Place.WINDOW ? born(store, id, entry) : List.of();
        this.ofModel = entry.kind().equals(Entry.ITEM_MODEL);
        this.callGoes = place == Place.QUESTION || place == Place.DECISION || any(Item.Call.class);
        this.call = call(store, id, entry);
        this.responseBegun = ofModel ? responseBegun(store, id, entry) : name;
        if (!entry.isErased() && place != Place.WINDOW && place != Place.NOWHERE) {
            words.add(entry.content());
        }
        items.stream()
                .filter(item -> place == Place.WINDOW)
                .forEach(item -> words.add(item.json().getBytes(StandardCharsets.UTF_8)));
    }

    /**
     * The erasure of what has that name in a log.
     *
     * @throws IllegalArgumentException if the log has no such version, or says nothing there that could be erased
     */
    public static Erasure of(HostStore store, String id, long version) {
        LogEntry entry = Log.entry(store, id, version)
                .orElseThrow(() -> new IllegalArgumentException("conversation " + id + " has no version " + version
                        + " to redact; it stands at "
                        + store.head(id).map(head -> head.version()).orElse(0L)));
        Erasure erasure = new Erasure(store, id, entry);
        if (erasure.place == Place.NOWHERE || erasure.place == Place.WINDOW && erasure.items.isEmpty()) {
            throw new IllegalArgumentException("entry " + version + " of conversation " + id + " is " + entry.kind()
                    + ", and says nothing of its own; what can be redacted are items (entries whose kind begins with"
                    + " item.), what was born in a window, whole outputs, questions, decisions and endings");
        }
        return erasure;
    }

    private boolean any(Class<? extends Item> type) {
        return items.stream().anyMatch(type::isInstance);
    }

    private static List<Item> item(LogEntry entry) {
        byte[] line = entry.payload();
        Item item = line == null ? null : entry.isErased() ? ItemMark.read(line) : Item.of(line);
        return item == null ? List.of() : List.of(item);
    }

    private static List<Item> born(HostStore store, String id, LogEntry entry) {
        JsonFields fields = entry.payload() == null ? null : JsonFields.of(entry.content());
        JsonFields window = fields == null ? null : fields.inner("window");
        if (fields == null || window == null) {
            return List.of();
        }
        boolean named = fields.has(ItemTable.VERSIONS) || entry.version() == 1;
        List<NamedItem> before =
                named ? List.of() : Log.foldOf(store, id, entry.version() - 1).named();
        return WindowNames.of(window, fields, before, entry.version()).stream()
                .filter(Objects::nonNull)
                .filter(item -> item.version() == entry.version())
                .map(NamedItem::item)
                .toList();
    }

    private long call(HostStore store, String id, LogEntry entry) {
        if (place == Place.QUESTION || place == Place.DECISION) {
            return entry.payload() == null ? 0 : JsonFields.of(entry.content()).number("call", 0);
        }
        if (place == Place.ITEM && any(Item.Output.class)) {
            String callId = ((Item.Output) items.get(0)).callId();
            Call open = Log.foldOf(store, id, name - 1).open().get(callId);
            return open == null ? 0 : open.version();
        }
        return place == Place.ITEM && any(Item.Call.class) ? name : 0;
    }

    // After the last response before it in the turn: what a person saw of the answer stands between.
    private static long responseBegun(HostStore store, String id, LogEntry entry) {
        long[] begun = {Math.max(entry.turn(), 1) - 1};
        store.stream(id, begun[0])
                .takeWhile(each -> each.version() < entry.version())
                .filter(each -> each.kind().equals(Entry.RESPONSE))
                .forEach(each -> begun[0] = each.version());
        return begun[0];
    }

    public long name() {
        return name;
    }

    /**
     * The entries of a log that say something of what is erased, with what is left of each. The log may be that of a fork.
     *
     * @param itself whether the very entry that gives the name is among them
     */
    public Map<Long, byte[]> marks(HostStore store, String id, boolean itself) {
        Map<Long, byte[]> marks = new TreeMap<>();
        long first = Math.min(call == 0 ? name : call, responseBegun + 1);
        store.stream(id, first - 1)
                .filter(entry -> itself || entry.version() != name)
                .forEach(entry -> {
                    byte[] mark = mark(entry);
                    if (mark != null) {
                        marks.put(entry.version(), mark);
                    }
                });
        return marks;
    }

    private byte @Nullable [] mark(LogEntry entry) {
        byte[] payload = entry.payload();
        boolean itself = entry.version() == name;
        if (payload == null) {
            return null;
        }
        return switch (Place.of(entry.kind())) {
            case ITEM -> itself && !entry.isErased() ? ItemMark.line(Item.of(payload)) : null;
            case WINDOW -> new WindowErasure(name, call, callGoes, items).mark(payload);
            case WHOLE_OUTPUT ->
                itself || any(Item.Output.class) && isOfCall(entry.kind()) ? without(payload, "text") : null;
            case PARTIAL ->
                itself || ofModel && entry.version() > responseBegun && entry.version() < name
                        ? without(payload, "text")
                        : null;
            case QUESTION ->
                callGoes && isAboutCall(payload) ? without(payload, "hash", "question", "place", "rule") : null;
            case DECISION ->
                isAboutCall(payload)
                        ? callGoes ? without(payload, "hash", "reason", "rule") : without(payload, "reason")
                        : null;
            case ENDING -> itself || entry.version() > name ? ending(payload, itself) : null;
            case NOWHERE -> null;
        };
    }

    private boolean isOfCall(String kind) {
        return kind.equals(Entry.OUTPUT_FULL + call);
    }

    private boolean isAboutCall(byte[] payload) {
        return call != 0 && JsonFields.of(payload).number("call", 0) == call;
    }

    private byte @Nullable [] ending(byte[] payload, boolean itself) {
        JsonFields fields = JsonFields.of(payload);
        String text = fields.textOrEmpty("detail") + fields.textOrEmpty("cause");
        return itself || !text.isEmpty() && words.mayBeIn(text) ? without(payload, "detail", "cause") : null;
    }

    // Null where there is nothing to take away any more.
    private static byte @Nullable [] without(byte[] payload, String... names) {
        JsonFields fields = JsonFields.of(payload);
        boolean[] changed = new boolean[1];
        byte[] left = Json.object(w -> {
            for (JsonFields.Field field : fields.all()) {
                String text = Set.of(names).contains(field.name()) ? fields.text(field) : null;
                String mark = field.name().equals("hash") || field.name().equals("rule") ? "" : ItemMark.TEXT;
                if (text != null && !text.isEmpty() && !text.equals(mark)) {
                    changed[0] = true;
                    w.text(field.name(), mark);
                } else {
                    w.raw(field.name(), fields.raw(field));
                }
            }
        });
        return changed[0] ? left : null;
    }

    /** The name of what an older version of this library has said is to be erased in these entries. */
    public static long oldName(HostStore store, String id, List<Long> versions) {
        List<Long> items = new ArrayList<>(versions);
        items.removeIf(version -> Log.entry(store, id, version)
                .filter(entry -> Place.of(entry.kind()) == Place.ITEM)
                .isEmpty());
        if (items.isEmpty()) {
            throw new StoreException(
                    StoreException.Kind.CORRUPT,
                    "conversation " + id + " says that " + versions + " are to be erased, and none is an item");
        }
        return items.get(0);
    }
}
