package dev.agentloop.pg;

import dev.agentloop.Compactor;
import dev.agentloop.Item;
import dev.agentloop.Model;
import dev.agentloop.ModelResponse;
import dev.agentloop.Prompt;
import dev.agentloop.PromptSettings;
import dev.agentloop.Usage;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.Random;

/** Calls tools by chance, and answers in the end; says nothing twice. Its window is small, so that prompts are compacted. */
final class FightModel implements Model {
    private static final int WINDOW = 4_000;
    private static final int MOST_CALLS = 4;

    private final String name;
    private final Random random;
    private int said;

    FightModel(String name, Random random) {
        this.name = name;
        this.random = random;
    }

    /** Leaves out what may be left out. */
    static final class Shortening implements Compactor {
        @Override
        public String name() {
            return "shortening";
        }

        @Override
        public Optional<Offer> offer(Task task) {
            return task.kept().size() < task.prompt().size() ? Optional.of(Offer.FREE) : Optional.empty();
        }

        @Override
        public Window compact(Task task) {
            return Window.built(task.items(task.kept()), Usage.NONE);
        }
    }

    @Override
    public PromptSettings settings() {
        return PromptSettings.of("scripted").contextWindow(WINDOW).build();
    }

    @Override
    public synchronized ModelResponse respond(Prompt prompt, Listener listener) {
        List<Item> items = new ArrayList<>();
        int calls = random.nextInt(MOST_CALLS + 1);
        if (calls < MOST_CALLS) {
            items.add(message(name + " says no " + ++said));
        }
        for (int i = 0; i < calls; i++) {
            List<FightTool> tools = List.of(FightTool.values());
            FightTool tool = tools.get(random.nextInt(tools.size()));
            items.add(Item.functionCall("c-" + name + "-" + ++said, tool.title(), "{}"));
        }
        items.forEach(listener::onItem);
        return ModelResponse.of(items, Usage.reported(prompt.length() / 4, 0, 0, 10, 0));
    }

    private static Item message(String text) {
        return Item.received(("{\"type\":\"message\",\"id\":\"msg\",\"role\":\"assistant\",\"content\":[{\"type\":"
                                + "\"output_text\",\"text\":\"" + text + "\"}]}")
                        .getBytes(StandardCharsets.UTF_8))
                .orElseThrow();
    }
}
