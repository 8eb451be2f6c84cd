package dev.agentloop.testkit.internal.talk;

import dev.agentloop.Item;
import dev.agentloop.Model;
import dev.agentloop.ModelException;
import dev.agentloop.ModelResponse;
import dev.agentloop.Prompt;
import dev.agentloop.PromptSettings;
import dev.agentloop.Usage;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import java.util.function.Consumer;
import java.util.function.Supplier;

/** Writes summaries, and compacts as a server does where a trigger asks for it; sometimes neither. */
record Summaries(PromptSettings settings, Sayings sayings, Supplier<Random> dice, Consumer<Prompt> watcher)
        implements Model {

    @Override
    public ModelResponse respond(Prompt prompt, Listener listener) {
        watcher.accept(prompt);
        Random random = dice.get();
        int number = random.nextInt(20);
        if (number < 2) {
            ModelException.Kind kind = number == 0 ? ModelException.Kind.QUOTA : ModelException.Kind.CONTEXT_LENGTH;
            throw ModelException.of(kind, "no summary")
                    .usage(Usage.reported(3, 0, 0, 0, 0))
                    .build();
        }
        boolean trigger = prompt.item(prompt.size() - 1).type().equals("compaction_trigger");
        List<Item> items = new ArrayList<>();
        if (number > 2) {
            items.add(trigger ? sayings.compaction() : sayings.message(random));
        }
        items.forEach(listener::onItem);
        return ModelResponse.of(items, Usage.reported(prompt.length() / 4, 0, 0, 9, 0));
    }
}
