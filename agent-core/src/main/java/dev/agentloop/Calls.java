package dev.agentloop;

import dev.agentloop.internal.Json;
import dev.agentloop.internal.JsonFields;
import java.io.IOException;
import java.util.Iterator;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.ConcurrentSkipListMap;
import org.jspecify.annotations.Nullable;

/** What the fold knows of tool calls: all that were, those without a place in the prompt, and how they repeat. Not thread-safe. */
final class Calls {
    private final Set<String> seen = new LinkedHashSet<>();
    private final Map<String, OpenCall> open = new LinkedHashMap<>();
    private final Map<String, Long> fullOutputs = new ConcurrentSkipListMap<>();
    private final RepeatedCalls repeats = new RepeatedCalls();

    /** Takes in a call of the model's; one that was seen before, or is not whole, opens nothing. */
    void received(Item.Call call) {
        if (seen.add(call.callId()) && !call.incomplete()) {
            open.put(call.callId(), new OpenCall(call));
        }
    }

    /** The call that an entry is about. */
    OpenCall about(JsonFields entry) {
        String id = ItemBytes.orEmpty(entry.text("call_id"));
        OpenCall call = open.get(id);
        // An entry about a call that has its output already says nothing any more.
        return call != null ? call : new OpenCall((Item.Call) Item.functionCall(id, "", ""));
    }

    /** Hands on the outputs that have their place now: those of the first open calls, up to one that has none. */
    void place(List<Item> target) {
        Iterator<OpenCall> calls = open.values().iterator();
        while (calls.hasNext()) {
            OpenCall call = calls.next();
            Item output = call.output();
            if (output == null) {
                return;
            }
            target.add(output);
            repeats.count(call.item(), (Item.Output) output);
            calls.remove();
        }
    }

    void keptWhole(String callId, long version) {
        fullOutputs.put(callId, version);
    }

    /** The calls that have no place in the prompt yet, in order, keyed by id. */
    Map<String, OpenCall> open() {
        return open;
    }

    boolean seen(String callId) {
        return seen.contains(callId);
    }

    /** The version of the entry with the whole output of that call, or null; may be asked on any thread. */
    @Nullable
    Long fullOutput(String callId) {
        return fullOutputs.get(callId);
    }

    RepeatedCalls repeats() {
        return repeats;
    }

    /** Writes what cannot be told from the prompt. */
    void write(Json.Writer out) throws IOException {
        out.texts("calls", seen).array("full_outputs", a -> {
            for (Map.Entry<String, Long> full : fullOutputs.entrySet()) {
                a.element(w -> w.text("call_id", full.getKey()).number("version", full.getValue()));
            }
        });
        out.array("open", a -> {
            for (OpenCall call : open.values()) {
                a.element(call::write);
            }
        });
        out.object("repeats", repeats::write);
    }

    /** Takes in what {@link #write} wrote, when nothing else was yet. */
    void read(JsonFields state) {
        seen.addAll(state.texts("calls"));
        for (JsonFields full : state.inners("full_outputs")) {
            fullOutputs.put(ItemBytes.orEmpty(full.text("call_id")), full.number("version", 0));
        }
        for (JsonFields call : state.inners("open")) {
            OpenCall read = OpenCall.read(call);
            open.put(read.item().callId(), read);
        }
        JsonFields repeated = state.inner("repeats");
        if (repeated != null) {
            repeats.read(repeated);
        }
    }
}
