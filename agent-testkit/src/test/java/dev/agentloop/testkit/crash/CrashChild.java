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
import dev.agentloop.ToolCall;
import dev.agentloop.ToolContext;
import dev.agentloop.ToolOutput;
import dev.agentloop.Usage;
import dev.agentloop.spi.ConversationStore;
import dev.agentloop.spi.LogPosition;
import dev.agentloop.testkit.CrashPoints;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.time.Clock;
import java.time.Instant;
import java.time.ZoneOffset;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Locale;
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
    private final String id;
    private final Path workspace;

    private CrashChild(Path folder, String id, Path workspace) {
        this.folder = folder;
        this.id = id;
        this.workspace = workspace;
    }

    public static void main(String[] args) throws IOException {
        new CrashChild(Path.of(args[0]), args[1], Path.of(args[2])).run();
    }

    private void run() throws IOException {
        try (ConversationStore store = points.around(ConversationStore.files(folder.resolve("store")));
                AgentLoop agent = AgentLoop.builder()
                        .model(new ByPrompt(store))
                        .instructions("A scripted model answers.")
                        .workspace(workspace)
                        .clock(Clock.fixed(Instant.parse("2026-01-02T03:04:05Z"), ZoneOffset.UTC))
                        .tools(
                                points.around(new Effect("effect", Tool.Access.WRITES, Tool.AfterCrash.REPORT)),
                                points.around(new Effect("note", Tool.Access.WRITES, Tool.AfterCrash.RUN_AGAIN)),
                                points.around(new Effect("look", Tool.Access.READS, Tool.AfterCrash.RUN_AGAIN)))
                        .store(store)
                        .build()) {
            Optional<LogPosition> head = store.head(id);
            Conversation conversation = head.isPresent() ? agent.resume(id) : agent.newConversation(id);
            List<Item> input = head.isPresent() && heard(conversation) ? List.of() : List.of(Item.user("go"));
            Outcome outcome = conversation.run(input, RunOptions.listeningWith(points.around(AgentListener.NONE)));
            System.out.println("END " + outcome.text());
        }
    }

    private static boolean heard(Conversation conversation) {
        return conversation.prompt().items().contains(Item.user("go"));
    }

    /** A tool that leaves a line for each time that it does something. */
    private final class Effect implements Tool {
        private final String name;
        private final Access access;
        private final AfterCrash afterCrash;

        Effect(String name, Access access, AfterCrash afterCrash) {
            this.name = name;
            this.access = access;
            this.afterCrash = afterCrash;
        }

        @Override
        public Specification specification() {
            return Specification.function(name, "a tool of a test", "{\"type\":\"object\",\"properties\":{}}");
        }

        @Override
        public ToolOutput call(ToolCall call, ToolContext context) throws IOException {
            Files.writeString(
                    folder.resolve("effects"),
                    name + " " + call.callId() + "\n",
                    StandardOpenOption.CREATE,
                    StandardOpenOption.APPEND);
            return ToolOutput.text("did " + call.callId());
        }

        @Override
        public Access access(ToolCall call) {
            return access;
        }

        @Override
        public AfterCrash afterCrash(ToolCall call) {
            return afterCrash;
        }
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
            keep(prompt);
            Set<String> called = new HashSet<>();
            prompt.items().forEach(item -> {
                if (item instanceof Item.Call call) {
                    called.add(call.callId());
                }
            });
            List<Item> items = answer(called);
            listener.onDelta(Delta.TEXT, "…");
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

        private void keep(Prompt prompt) {
            ByteArrayOutputStream bytes = new ByteArrayOutputStream();
            List<java.nio.ByteBuffer> wire = new ArrayList<>(prompt.wire());
            wire.forEach(buffer -> {
                byte[] part = new byte[buffer.remaining()];
                buffer.get(part);
                bytes.writeBytes(part);
            });
            long version = store.head(id).orElseThrow().version();
            try {
                Files.write(folder.resolve(String.format(Locale.ROOT, "request-%06d", version)), bytes.toByteArray());
            } catch (IOException e) {
                throw new UncheckedIOException(e);
            }
        }
    }
}
