package dev.agentloop;

import java.util.List;
import java.util.Map;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;

/** What the host itself appends: items of any kind, or a model's response. */
final class HostAppend {
    private final List<? extends Item> items;
    private final @Nullable ModelResponse response;

    HostAppend(List<? extends Item> items) {
        this.items = List.copyOf(items);
        this.response = null;
    }

    HostAppend(ModelResponse response) {
        this.items = response.items();
        this.response = response;
    }

    /** Puts the items into the journal, and whatever a new conversation begins with before them. */
    void addTo(RunScope scope) {
        check(scope.fold().open());
        new TurnStart(scope).prepare();
        boolean model = response != null;
        for (Item item : items) {
            String kind = kind(item);
            model |= kind.equals(Draft.ITEM_MODEL);
            scope.journal().add(Draft.item(kind, item));
        }
        if (model) {
            scope.journal().add(Draft.response(response != null ? response : ModelResponse.of(List.of(), Usage.NONE)));
        }
    }

    private String kind(Item item) {
        if (item instanceof Item.Output) {
            return Draft.ITEM_OUTPUT;
        }
        boolean fromHost =
                item instanceof Item.Message message && !message.role().equals("assistant");
        return fromHost && response == null ? Draft.ITEM_USER : Draft.ITEM_MODEL;
    }

    private void check(Map<String, OpenCall> open) {
        for (Item item : items) {
            if (item instanceof Item.Output output && !open.containsKey(output.callId())) {
                throw new IllegalStateException("no call " + output.callId() + " waits for an output");
            }
        }
        List<Item> others =
                items.stream().filter(item -> !(item instanceof Item.Output)).collect(Collectors.toList());
        if (!open.isEmpty() && !others.isEmpty()) {
            throw new IllegalStateException("the calls " + open.keySet()
                    + " have no output yet; append their outputs first, the API refuses a prompt without them");
        }
    }
}
