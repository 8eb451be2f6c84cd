package dev.agentloop.pg;

import static java.nio.charset.StandardCharsets.UTF_8;

import dev.agentloop.Item;
import dev.agentloop.Model;
import dev.agentloop.ModelResponse;
import dev.agentloop.Prompt;
import dev.agentloop.PromptSettings;
import dev.agentloop.Usage;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.function.LongSupplier;

/**
 * Answers by what the prompt holds, so that a resumed run is answered as the first one would have been, and keeps each
 * request.
 *
 * @param version of the log that a prompt is made from
 */
record CrashModel(CrashFolder folder, LongSupplier version) implements Model {
    /** What is called, in stages; a stage is one response. */
    static final List<Map<String, CrashTool.Kind>> STAGES = List.of(
            new TreeMap<>(Map.of("c1", CrashTool.Kind.SET, "c2", CrashTool.Kind.PAY)),
            new TreeMap<>(Map.of("c3", CrashTool.Kind.BOOK, "c4", CrashTool.Kind.SEND)),
            new TreeMap<>(Map.of("c5", CrashTool.Kind.LOOK, "c6", CrashTool.Kind.LOOK)),
            new TreeMap<>(Map.of("c7", CrashTool.Kind.DEPLOY)));

    @Override
    public PromptSettings settings() {
        return PromptSettings.of("scripted").reasoning(true).build();
    }

    @Override
    public ModelResponse respond(Prompt prompt, Listener listener) {
        folder.keep(prompt, version.getAsLong());
        Set<String> called = new HashSet<>();
        prompt.items().forEach(item -> {
            if (item instanceof Item.Call call) {
                called.add(call.callId());
            }
        });
        List<Item> items = answer(called);
        listener.onDelta(DeltaKind.TEXT, "…");
        items.forEach(listener::onItem);
        return ModelResponse.of(items, Usage.reported(100, 0, 0, 10, 0));
    }

    /** The calls of the first stage that are missing, until none is. */
    private static List<Item> answer(Set<String> called) {
        List<Item> items = new ArrayList<>();
        items.add(received("{\"type\":\"reasoning\",\"id\":\"rs\",\"summary\":[],\"encrypted_content\":\"secret\"}"));
        for (Map<String, CrashTool.Kind> stage : STAGES) {
            if (!called.containsAll(stage.keySet())) {
                items.add(message("half way"));
                stage.forEach((callId, kind) -> {
                    if (!called.contains(callId)) {
                        items.add(Item.functionCall(callId, kind.name().toLowerCase(Locale.ROOT), "{}"));
                    }
                });
                return items;
            }
        }
        items.add(message("done"));
        return items;
    }

    private static Item message(String text) {
        return received("{\"type\":\"message\",\"id\":\"msg\",\"role\":\"assistant\",\"content\":[{\"type\":"
                + "\"output_text\",\"text\":\"" + text + "\"}]}");
    }

    private static Item received(String json) {
        return Item.received(json.getBytes(UTF_8)).orElseThrow();
    }
}
