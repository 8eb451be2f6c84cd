package dev.agentloop.internal.compact;

import dev.agentloop.Compactor;
import dev.agentloop.Item;
import dev.agentloop.Model;
import dev.agentloop.internal.Json;
import dev.agentloop.internal.prompt.TokenEstimate;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Optional;

/** Asks the server for a compaction item, by the Responses API's {@code compaction_trigger} behind the running prompt. */
public record TriggerCompactor(Model model) implements Compactor {
    private static final Item TRIGGER = Item.of(Json.object(w -> w.text("type", "compaction_trigger")));
    /** How many tokens of the user's messages stay, the newest first. */
    private static final long USER_TOKENS = 64_000;

    private static final long ANSWER_TOKENS = 3_000;

    @Override
    public String name() {
        return "trigger";
    }

    @Override
    public Optional<Offer> offer(Task task) {
        if (task.prompt().size() == 0) {
            return Optional.empty();
        }
        long tokens = task.context().tokens();
        return Optional.of(new Offer(tokens, tokens, ANSWER_TOKENS));
    }

    @Override
    public Window compact(Task task) throws InterruptedException {
        PaidAnswer answer = PaidAnswer.of(model, task.prompt().plus(List.of(TRIGGER)));
        List<Item> compactions = answer.response().items().stream()
                .filter(Item.Compaction.class::isInstance)
                .toList();
        if (compactions.size() != 1) {
            throw answer.unusable("the server was asked for one compaction item and sent " + compactions.size());
        }
        List<Item> items = new ArrayList<>(task.items(TokenEstimate.newestUserMessages(task, USER_TOKENS)));
        Collections.reverse(items);
        items.addAll(compactions);
        return Window.returned(items, answer.usage());
    }
}
