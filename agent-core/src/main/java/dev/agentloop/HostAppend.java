package dev.agentloop;

import java.util.LinkedHashSet;
import java.util.List;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/** What the host itself appends: items of any kind, or a model's response. */
final class HostAppend {
    private static final ModelResponse NO_RESPONSE = ModelResponse.of(List.of(), Usage.NONE);

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
        check(scope.fold().open().keySet());
        BreakpointLimit.check(scope, items);
        new TurnStart(scope).prepare();
        boolean responding = false;
        for (Item item : items) {
            String kind = kind(item);
            boolean ofModel = kind.equals(Draft.ITEM_MODEL);
            if (responding && !ofModel) {
                scope.journal().add(end(scope, NO_RESPONSE));
            }
            responding = ofModel;
            scope.journal().add(Draft.item(kind, item));
        }
        if (response != null || responding) {
            scope.journal().add(end(scope, response != null ? response : NO_RESPONSE));
        }
    }

    private static Draft end(RunScope scope, ModelResponse response) {
        return Draft.response(response, scope.config().clock().instant());
    }

    private String kind(Item item) {
        if (item instanceof Item.Output) {
            return Draft.ITEM_OUTPUT;
        }
        boolean fromHost =
                item instanceof Item.Message message && !message.role().equals("assistant");
        return fromHost && response == null ? Draft.ITEM_USER : Draft.ITEM_MODEL;
    }

    private void check(Set<String> alreadyOpen) {
        Set<String> open = new LinkedHashSet<>(alreadyOpen);
        for (Item item : items) {
            if (item instanceof Item.Output output) {
                if (!open.remove(output.callId())) {
                    throw new IllegalStateException("no call " + output.callId() + " waits for an output");
                }
            } else if (item instanceof Item.Call call) {
                open.add(call.callId());
            } else if (!open.isEmpty() && alreadyOpen.containsAll(open)) {
                throw new IllegalStateException("the calls " + open
                        + " have no output yet; append their outputs first, the API refuses a prompt without them");
            }
        }
    }
}
