package dev.agentloop.internal.turn;

import dev.agentloop.Item;
import dev.agentloop.ModelResponse;
import dev.agentloop.ToolCall;
import dev.agentloop.Usage;
import dev.agentloop.internal.call.HostCalls;
import dev.agentloop.internal.log.Entry;
import dev.agentloop.internal.log.Log;
import dev.agentloop.internal.tool.CallBirth;
import java.time.Clock;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;

/** What the host itself appends: items of any kind, or a model's response. */
public final class HostAppend {
    private static final ModelResponse NO_RESPONSE = ModelResponse.of(List.of(), Usage.NONE);

    private final List<? extends Item> items;
    private final @Nullable ModelResponse response;
    private final List<ToolCall> calls = new ArrayList<>();
    private final Map<String, Deque<String>> ids = new HashMap<>();

    public HostAppend(List<? extends Item> items) {
        this.items = List.copyOf(items);
        this.response = null;
    }

    public HostAppend(ModelResponse response) {
        this.items = response.items();
        this.response = response;
    }

    /** Puts the items into the log, and whatever a new conversation begins with before them. */
    public void addTo(Log log, TurnStart start, Clock clock) {
        check(log.fold().open().values().stream()
                .filter(call -> call.output() == null)
                .map(call -> call.item().callId())
                .collect(Collectors.toSet()));
        log.fold().hostCalls().check(log.id(), response == null ? said() : List.of());
        start.check(items, null);
        start.prepare();
        CallBirth births = new CallBirth(log);
        boolean responding = false;
        for (Item item : whole()) {
            String kind = kind(item);
            boolean ofModel = kind.equals(Entry.ITEM_MODEL);
            if (responding && !ofModel) {
                log.add(end(clock, NO_RESPONSE));
            }
            responding = ofModel;
            if (item instanceof Item.Call call) {
                add(births.add(call), call.callId());
            } else {
                log.add(Entry.item(kind, item instanceof Item.Output output ? joined(output) : item));
            }
        }
        if (response != null || responding) {
            log.add(end(clock, response != null ? response : NO_RESPONSE));
        }
        start.beginEpochIfChanged();
    }

    // As of a response to the library's own loop: a call that the model was cut off in gets no output, so the API would
    // refuse
    // it, and reasoning must not stand without the item that it led to.
    private List<Item> whole() {
        List<Item> whole = new ArrayList<>();
        for (Item item : items) {
            if (item instanceof Item.Call call && call.incomplete()) {
                dropTrailingReasoning(whole);
            } else {
                whole.add(item);
            }
        }
        if (response != null) {
            dropTrailingReasoning(whole);
        }
        return whole;
    }

    private static void dropTrailingReasoning(List<Item> items) {
        while (!items.isEmpty() && items.get(items.size() - 1) instanceof Item.Reasoning) {
            items.remove(items.size() - 1);
        }
    }

    private void add(Item.Call kept, String sentId) {
        calls.add(ToolCall.of(kept));
        ids.computeIfAbsent(sentId, id -> new ArrayDeque<>()).add(kept.callId());
    }

    // The output of a call may come before the answer that the host has to give to another one.
    private List<Item> said() {
        return items.stream().filter(item -> !(item instanceof Item.Output)).collect(Collectors.toList());
    }

    // An output that comes along with its call follows it to the id that the call has in the log.
    private Item joined(Item.Output output) {
        Deque<String> kept = ids.get(output.callId());
        String id = kept == null ? null : kept.poll();
        return id == null || id.equals(output.callId()) ? output : CallBirth.with(output, "call_id", id);
    }

    /** The calls among the items, in the form in which they are in the log. */
    public List<ToolCall> calls() {
        return List.copyOf(calls);
    }

    private static Entry end(Clock clock, ModelResponse response) {
        return Entry.response(response, clock.instant());
    }

    private String kind(Item item) {
        if (item instanceof Item.Output) {
            return Entry.ITEM_OUTPUT;
        }
        boolean said = item instanceof Item.Message message && !message.role().equals("assistant");
        return response == null && (said || HostCalls.isAnswer(item)) ? Entry.ITEM_USER : Entry.ITEM_MODEL;
    }

    private void check(Set<String> alreadyOpen) {
        List<String> open = new ArrayList<>(alreadyOpen);
        for (Item item : items) {
            if (item instanceof Item.Output output) {
                if (!open.remove(output.callId())) {
                    throw new IllegalStateException("no call " + output.callId() + " waits for an output");
                }
            } else if (item instanceof Item.Call call) {
                if (!call.incomplete()) {
                    open.add(call.callId());
                }
            } else if (!open.isEmpty() && alreadyOpen.containsAll(open)) {
                throw new IllegalStateException("the calls " + open
                        + " have no output yet; append their outputs first, the API refuses a prompt without them");
            }
        }
    }
}
