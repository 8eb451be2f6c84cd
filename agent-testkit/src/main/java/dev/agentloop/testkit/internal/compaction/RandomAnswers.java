package dev.agentloop.testkit.internal.compaction;

import dev.agentloop.Item;
import dev.agentloop.Model;
import dev.agentloop.ModelResponse;
import dev.agentloop.Prompt;
import dev.agentloop.PromptSettings;
import dev.agentloop.Usage;
import dev.agentloop.testkit.internal.request.PairingRules;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import org.jspecify.annotations.Nullable;

/**
 * A model that answers by random numbers: reasoning, items of unknown kinds, parallel calls, and at last a message. Keeps
 * what it was sent and what it said. Belongs to one conversation at a time.
 */
final class RandomAnswers implements Model {
    /** Tools of the suite's. */
    static final String LOOK = "look";

    static final String PLAN = "update_plan";
    static final String IMAGE = "data:image/png;base64,iVBORw0KGgo=";
    private static final int MOST_STEPS = 3;

    private final Random random;
    private final List<Prompt> sent = new ArrayList<>();
    private final List<List<Item>> responses = new ArrayList<>();
    private PairingRules rules = new PairingRules();
    private @Nullable Prompt checked;
    private PromptSettings settings;
    private int steps;
    private int count;

    RandomAnswers(Random random, PromptSettings settings) {
        this.random = random;
        this.settings = settings;
    }

    @Override
    public PromptSettings settings() {
        return settings;
    }

    void settings(PromptSettings now) {
        settings = now;
    }

    /** What was sent since the last time that this was emptied. */
    List<Prompt> sent() {
        return sent;
    }

    /** The items of all responses, the oldest first. */
    List<List<Item>> responses() {
        return responses;
    }

    @Override
    public ModelResponse respond(Prompt prompt, Listener listener) {
        check(prompt);
        sent.add(prompt);
        boolean calls = steps < MOST_STEPS && random.nextInt(100) < 60;
        steps = calls ? steps + 1 : 0;
        List<Item> items = items(calls ? 1 + random.nextInt(3) : 0);
        items.forEach(listener::onItem);
        long tokens = random.nextInt(10) == 0 ? 0 : prompt.length() / 4;
        return ModelResponse.of(items, Usage.reported(tokens, 0, 0, 5, 0));
    }

    // As the API does; what a prompt repeats was checked with the one before.
    private void check(Prompt prompt) {
        boolean grown = checked != null && prompt.startsWith(checked);
        rules = grown ? rules : new PairingRules();
        prompt.items()
                .subList(grown && checked != null ? checked.size() : 0, prompt.size())
                .forEach(item -> rules.accept(PairingRules.fields(item)));
        checked = prompt;
        List<String> broken = rules.problems();
        if (!broken.isEmpty()) {
            throw new AssertionError("the API would refuse the prompt: " + String.join("; ", broken));
        }
    }

    /** The items of a response with so many calls. */
    List<Item> items(int calls) {
        List<Item> items = new ArrayList<>();
        if (random.nextInt(10) == 0) {
            items.add(received("{\"type\":\"acme:note\",\"id\":\"n_" + count++ + "\",\"odd\":[1e400]}"));
        }
        if (random.nextInt(2) == 0) {
            items.add(received("{\"type\":\"reasoning\",\"summary\":[],\"encrypted_content\":\"r" + count++
                    + "x".repeat(random.nextInt(400)) + "\"}"));
        }
        if (calls == 0 || random.nextInt(3) == 0) {
            items.add(received("{\"type\":\"message\",\"role\":\"assistant\",\"content\":[{\"type\":\"output_text\","
                    + "\"text\":\"answer " + count++ + "\"}]}"));
        }
        for (int i = 0; i < calls; i++) {
            if (i > 0 && random.nextInt(4) == 0) {
                items.add(
                        received("{\"type\":\"reasoning\",\"summary\":[],\"encrypted_content\":\"r" + count++ + "\"}"));
            }
            items.add(Item.functionCall("call_" + count++, random.nextInt(4) == 0 ? PLAN : LOOK, "{\"n\":" + i + "}"));
        }
        responses.add(List.copyOf(items));
        return items;
    }

    private static Item received(String json) {
        return Item.received(json.getBytes(StandardCharsets.UTF_8)).orElseThrow();
    }
}
