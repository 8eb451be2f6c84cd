package dev.agentloop.internal.call;

import dev.agentloop.Item;
import dev.agentloop.internal.Json;
import dev.agentloop.internal.JsonFields;
import dev.agentloop.internal.prompt.ItemMark;
import dev.agentloop.internal.prompt.ItemTable;
import dev.agentloop.internal.prompt.NamedItem;
import java.io.IOException;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.Iterator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Set;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.concurrent.ConcurrentSkipListMap;
import org.jspecify.annotations.Nullable;

/**
 * What the fold knows of tool calls: those without a place in the prompt, which ids are taken, and how they repeat. A call is
 * named by the version of its entry; its id is unique only among the calls of the prompt and of the newest response. Not
 * thread-safe.
 */
public final class Calls {
    private static final String FULL_OUTPUTS = "full_outputs";

    private final Set<String> inPrompt = new HashSet<>();
    private final Set<String> inResponse = new HashSet<>();
    private final Map<String, Call> open = new LinkedHashMap<>();
    private final Map<String, Long> fullOutputs = new ConcurrentSkipListMap<>();
    private final RepeatedCalls repeats = new RepeatedCalls();
    private final List<Sent> replayable = new ArrayList<>();
    private final List<Sent> sent = new ArrayList<>();
    private @Nullable String serverId;

    /** A call as the server sent it. */
    public record SentCall(String id, String name, String arguments) {
        public static SentCall of(Item.Call call) {
            return new SentCall(call.callId(), call.name(), call.arguments());
        }
    }

    // A call of the log, and the id that the server gave it.
    private record Sent(NamedItem call, String id) {
        SentCall asSent() {
            Item.Call item = (Item.Call) call.item();
            return new SentCall(id, item.name(), item.arguments());
        }
    }

    /** The next call came with this id, and has another one. */
    public void renamed(String id) {
        serverId = id;
    }

    /** Takes in a call of the model's, with the version of its entry; one that is not whole opens nothing. */
    public void received(Item.Call call, long version) {
        String id = call.callId();
        sent.add(new Sent(new NamedItem(call, version), serverId == null ? id : serverId));
        serverId = null;
        inPrompt.add(id);
        inResponse.add(id);
        fullOutputs.remove(id);
        if (!call.incomplete()) {
            open.put(id, new Call(call, version));
        }
    }

    /** Forked: the calls that are open are those of the other conversation, and one that was to come next came there. */
    public void forked() {
        open.values().forEach(Call::fork);
        serverId = null;
    }

    /** A response begins. */
    public void responseBegun() {
        inResponse.clear();
        sent.clear();
    }

    /** A response is over. Only the one after a broken one may bring calls again that are there already. */
    public void responseEnded(boolean broken) {
        if (broken) {
            replayable.addAll(sent);
        } else {
            replayable.clear();
        }
        sent.clear();
    }

    /** The calls of the broken response before, which the next one may bring again, each once. */
    public List<SentCall> replayable() {
        return replayable.stream().map(Sent::asSent).toList();
    }

    /** The prompt begins again, with these items. */
    public void restated(List<NamedItem> items) {
        inPrompt.clear();
        for (NamedItem each : items) {
            if (each.item() instanceof Item.Call call) {
                inPrompt.add(call.callId());
            }
        }
        // Nobody can name the others any more.
        fullOutputs.keySet().removeIf(id -> !inPrompt.contains(id) && !open.containsKey(id));
    }

    /** Has marks in the place of what was erased, by the versions of its entries. */
    public void redacted(Set<Long> versions) {
        open.values().forEach(call -> call.redacted(versions));
        repeats.forget();
        for (List<Sent> each : List.of(sent, replayable)) {
            each.replaceAll(call -> new Sent(Objects.requireNonNull(call.call().redacted(versions)), call.id()));
        }
    }

    /**
     * What stands for an item of which an older version of this library has left nothing: what is known is by whom it was.
     *
     * @param user whether the user said it
     * @param output whether it was the output of a call
     */
    public @Nullable Item oldMark(boolean user, boolean output) {
        if (user) {
            return Item.user(ItemMark.TEXT);
        }
        return open.values().stream()
                .filter(call -> output && call.output() == null)
                .findFirst()
                .map(call -> ItemMark.output(
                        call.item().type() + "_output", call.item().callId()))
                .orElse(null);
    }

    /** Whether a call of the prompt or of the newest response has this id. */
    public boolean taken(String id) {
        return inPrompt.contains(id) || inResponse.contains(id) || open.containsKey(id);
    }

    /** The call that an entry is about. */
    public Call about(JsonFields entry) {
        long version = entry.number("call", 0);
        String id = entry.textOrEmpty("call_id");
        Call call = open.get(id);
        // An entry about a call that has its output already says nothing any more.
        return call != null && call.version() == version
                ? call
                : new Call((Item.Call) Item.functionCall(id, "", ""), 0);
    }

    /** Hands on the outputs that have their place now: those of the first open calls, up to one that has none. */
    public void place(List<NamedItem> target) {
        Iterator<Call> calls = open.values().iterator();
        while (calls.hasNext()) {
            Call call = calls.next();
            NamedItem output = call.output();
            if (output == null) {
                return;
            }
            target.add(output);
            repeats.count(call.named(), output);
            calls.remove();
        }
    }

    /** The whole output of the call of that version is at this version. */
    public void keptWhole(String call, long version) {
        for (Call one : open.values()) {
            if (call.equals(String.valueOf(one.version()))) {
                fullOutputs.put(one.item().callId(), version);
            }
        }
    }

    /** The calls that have no place in the prompt yet, in order, keyed by id. */
    public Map<String, Call> open() {
        return open;
    }

    /** The version of the entry with the whole output of the newest call of that id, or null; may be asked on any thread. */
    public @Nullable Long fullOutput(String callId) {
        return fullOutputs.get(callId);
    }

    public RepeatedCalls repeats() {
        return repeats;
    }

    /** Writes what cannot be told from the prompt. */
    public void write(Json.Writer out, ItemTable items) throws IOException {
        out.texts("calls", new TreeSet<>(inResponse));
        write(fullOutputs, out);
        out.objects("open", open.values(), (w, call) -> call.write(w, items));
        write("replayable", replayable, out, items);
        write("sent", sent, out, items);
        out.object("repeats", w -> repeats.write(w, items));
    }

    private static void write(String name, List<Sent> calls, Json.Writer out, ItemTable items) throws IOException {
        out.objects(name, calls, (w, sent) -> {
            w.text("call_id", sent.id()).number("item", items.place(sent.call()));
        });
    }

    /**
     * Writes where the whole outputs are of which a prompt has a part that is back, with what came since.
     *
     * @param back the calls that are back
     * @param renamed by which ids those go now that came since
     */
    public void writeFullOutputs(Json.Writer out, Calls back, Map<String, String> renamed) throws IOException {
        Map<String, Long> all = new TreeMap<>();
        fullOutputs.forEach((id, version) -> all.put(renamed.getOrDefault(id, id), version));
        all.putAll(back.fullOutputs);
        write(all, out);
    }

    private static void write(Map<String, Long> fullOutputs, Json.Writer out) throws IOException {
        out.objects(FULL_OUTPUTS, fullOutputs.entrySet(), (w, full) -> {
            w.text("call_id", full.getKey()).number("version", full.getValue());
        });
    }

    /** Takes in what was written of whole outputs, in place of what is known, where something was. */
    public void readFullOutputs(JsonFields state) {
        if (!state.has(FULL_OUTPUTS)) {
            return;
        }
        Map<String, Long> told = new HashMap<>();
        for (JsonFields full : state.inners(FULL_OUTPUTS)) {
            String id = full.textOrEmpty("call_id");
            if (inPrompt.contains(id) || open.containsKey(id)) {
                told.put(id, full.number("version", 0));
            }
        }
        fullOutputs.keySet().retainAll(told.keySet());
        fullOutputs.putAll(told);
    }

    /** Takes in what {@link #write} wrote, when nothing else was yet but the items of the prompt. */
    public void read(JsonFields state, ItemTable items) {
        inResponse.addAll(state.texts("calls"));
        for (JsonFields call : state.inners("open")) {
            Call read = Call.read(call, items);
            if (read != null) {
                open.put(read.item().callId(), read);
            }
        }
        readFullOutputs(state);
        read("replayable", state, replayable, items);
        read("sent", state, sent, items);
        JsonFields repeated = state.inner("repeats");
        if (repeated != null) {
            repeats.read(repeated, items);
        }
    }

    private static void read(String name, JsonFields state, List<Sent> calls, ItemTable items) {
        for (JsonFields call : state.inners(name)) {
            String id = call.textOrEmpty("call_id");
            NamedItem item = items.at(call, "item");
            if (item == null && call.has("arguments")) {
                // An older version of this library has restated the call.
                item = new NamedItem(Item.functionCall(id, call.textOrEmpty("name"), call.textOrEmpty("arguments")), 0);
            }
            if (item != null) {
                calls.add(new Sent(item, id));
            }
        }
    }
}
