package dev.agentloop.testkit.crash;

import static java.nio.charset.StandardCharsets.UTF_8;

import dev.agentloop.AgentListener;
import dev.agentloop.AgentLoop;
import dev.agentloop.Conversation;
import dev.agentloop.Item;
import dev.agentloop.Model;
import dev.agentloop.ModelResponse;
import dev.agentloop.Outcome;
import dev.agentloop.Prompt;
import dev.agentloop.PromptSettings;
import dev.agentloop.RunOptions;
import dev.agentloop.Tool;
import dev.agentloop.Usage;
import dev.agentloop.spi.ConversationStore;
import dev.agentloop.spi.LogPosition;
import dev.agentloop.stores.FileStore;
import dev.agentloop.testkit.CrashPoints;
import java.nio.file.Path;
import java.time.Clock;
import java.time.Instant;
import java.time.ZoneOffset;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.TreeMap;

/**
 * A program that runs one scripted conversation with a file store, and can be killed around every event, append and tool
 * call. Arguments: its folder, the conversation's id, the workspace.
 */
final class CrashChild {
    private final CrashPoints points = CrashPoints.ofThisProcess();
    private final Path folder;
    private final Traces traces;
    private final String id;
    private final Path workspace;

    private CrashChild(Path folder, String id, Path workspace) {
        this.folder = folder;
        this.traces = new Traces(folder);
        this.id = id;
        this.workspace = workspace;
    }

    public static void main(String[] args) {
        new CrashChild(Path.of(args[0]), args[1], Path.of(args[2])).run();
    }

    private void run() {
        try (ConversationStore store = points.around(new FileStore(folder.resolve("store")));
                AgentLoop agent = AgentLoop.builder()
                        .model(new ByPrompt(store))
                        .instructions("A scripted model answers.")
                        .workspace(workspace)
                        .clock(Clock.fixed(Instant.parse("2026-01-02T03:04:05Z"), ZoneOffset.UTC))
                        .tools(
                                points.around(traces.tool("effect", Tool.Access.WRITES, Tool.AfterCrash.REPORT)),
                                points.around(traces.tool("note", Tool.Access.WRITES, Tool.AfterCrash.RUN_AGAIN)),
                                points.around(traces.tool("look", Tool.Access.READS, Tool.AfterCrash.RUN_AGAIN)))
                        .store(store)
                        .build()) {
            Optional<LogPosition> head = store.head(id);
            Conversation conversation = head.isPresent() ? agent.resume(id) : agent.newConversation(id);
            List<Item> input = head.isPresent() && heard(conversation) ? List.of() : List.of(Item.user("go"));
            Outcome outcome = conversation.run(
                    input,
                    RunOptions.listeningWith(points.around(AgentListener.NONE))
                            .withDelivery(RunOptions.Delivery.DIRECT));
            System.out.println("END " + outcome.text());
        }
    }

    private static boolean heard(Conversation conversation) {
        return conversation.prompt().items().contains(Item.user("go"));
    }

    /** Answers by what the prompt holds, so that a resumed run is answered as the first one would have been. */
    private final class ByPrompt implements Model {
        private final ConversationStore store;

        ByPrompt(ConversationStore store) {
            this.store = store;
        }

        @Override
        public PromptSettings settings() {
            return PromptSettings.of("scripted").reasoning(true).build();
        }

        @Override
        public ModelResponse respond(Prompt prompt, Listener listener) {
            traces.keep(prompt, store.head(id).orElseThrow().version());
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
        private List<Item> answer(Set<String> called) {
            List<Map<String, String>> stages = List.of(
                    new TreeMap<>(Map.of("c1", "note", "c2", "effect")),
                    new TreeMap<>(Map.of("c3", "effect")),
                    new TreeMap<>(Map.of("c4", "look", "c5", "look", "c6", "effect")));
            for (Map<String, String> stage : stages) {
                if (!called.containsAll(stage.keySet())) {
                    List<Item> items = new ArrayList<>(List.of(reasoning(), message("half way")));
                    stage.forEach((callId, name) -> {
                        if (!called.contains(callId)) {
                            items.add(call(callId, name));
                        }
                    });
                    return items;
                }
            }
            return List.of(reasoning(), message("done"));
        }

        private Item call(String callId, String name) {
            return Item.functionCall(callId, name, "{}");
        }

        private Item reasoning() {
            return received("{\"type\":\"reasoning\",\"id\":\"rs\",\"summary\":[],\"encrypted_content\":\"secret\"}");
        }

        private Item message(String text) {
            return received("{\"type\":\"message\",\"id\":\"msg\",\"role\":\"assistant\",\"content\":[{\"type\":"
                    + "\"output_text\",\"text\":\"" + text + "\"}]}");
        }

        private Item received(String json) {
            return Item.received(json.getBytes(UTF_8)).orElseThrow();
        }
    }
}
