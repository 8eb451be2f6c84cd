package dev.agentloop.testkit.internal.request;

import dev.agentloop.Item;
import dev.agentloop.internal.JsonFields;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * The rules by which the Responses API accepts a list of input items: each call has one output, each output has its call
 * before it, and reasoning is followed by the item that it led to.
 *
 * <p>Items are taken one by one, so a list that grows is judged by what is new. Not thread-safe.
 */
public final class PairingRules {
    private final Set<String> called = new HashSet<>();
    private final Set<String> answered = new HashSet<>();
    private final Set<String> open = new LinkedHashSet<>();
    private final List<String> problems = new ArrayList<>();
    private boolean afterReasoning;
    private int count;
    private int calls;

    /** What is wrong with these items; empty where nothing is. */
    public static List<String> problems(List<Item> items) {
        PairingRules rules = new PairingRules();
        items.forEach(item -> rules.accept(fields(item)));
        return rules.problems();
    }

    /** The fields of an item. */
    public static JsonFields fields(Item item) {
        ByteBuffer buffer = item.bytes();
        byte[] bytes = new byte[buffer.remaining()];
        buffer.get(bytes);
        return JsonFields.of(bytes);
    }

    /** Takes the next item. */
    public void accept(JsonFields item) {
        String type = item.text("type");
        String kind = type == null ? "message" : type;
        String callId = item.text("call_id");
        if (afterReasoning && madeByHost(item, kind)) {
            problems.add("item " + (count - 1) + " is reasoning and is followed by item " + count + " (" + kind
                    + " of the host), not by the item that it led to");
        }
        afterReasoning = kind.equals("reasoning");
        if (callId != null && kind.endsWith("_call")) {
            call(callId, kind, item.flag("async", false));
        } else if (callId != null && isOutput(kind)) {
            output(callId, kind);
        }
        count++;
    }

    private void call(String callId, String kind, boolean async) {
        calls++;
        if (!called.add(callId)) {
            problems.add("item " + count + " (" + kind + ") is the second call with the id " + callId);
        } else if (!async) {
            open.add(callId);
        }
    }

    private void output(String callId, String kind) {
        if (!called.contains(callId)) {
            problems.add(
                    "item " + count + " (" + kind + ") answers call " + callId + ", which no item before it makes");
        } else if (!answered.add(callId)) {
            problems.add("item " + count + " (" + kind + ") is the second output of call " + callId);
        }
        open.remove(callId);
    }

    private static boolean isOutput(String kind) {
        return kind.endsWith("_call_output") || kind.equals("tool_search_output");
    }

    private static boolean madeByHost(JsonFields item, String kind) {
        @Nullable String role = item.text("role");
        return isOutput(kind) || (role != null && !role.equals("assistant"));
    }

    /** How many items there were. */
    int count() {
        return count;
    }

    /** How many of the items were calls. */
    int calls() {
        return calls;
    }

    /** What is wrong with the items so far, if they are all; empty where nothing is. */
    public List<String> problems() {
        List<String> all = new ArrayList<>(problems);
        for (String callId : open) {
            all.add("call " + callId + " has no output");
        }
        if (afterReasoning) {
            all.add("item " + (count - 1) + " is reasoning and is the last one, without the item that it led to");
        }
        return all;
    }
}
