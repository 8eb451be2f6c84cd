package dev.agentloop.testkit.crash;

import static java.nio.charset.StandardCharsets.UTF_8;

import dev.agentloop.AgentListener;
import dev.agentloop.AgentLoop;
import dev.agentloop.Compactor;
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
import dev.agentloop.stores.FileStore;
import dev.agentloop.testkit.CrashPoints;
import java.nio.file.Path;
import java.time.Clock;
import java.time.Instant;
import java.time.ZoneOffset;
import java.util.List;
import java.util.stream.IntStream;

/**
 * A program whose one conversation is compacted once: in the middle of a run, or between two runs because the host asks
 * for it. Arguments: its folder, the conversation's id, the workspace, {@code due} or {@code requested}.
 */
final class CompactingChild {
    private static final int CALLS = 4;
    /** Is full with the third call, and not again. */
    private static final int WINDOW = 5_000;

    private final CrashPoints points = CrashPoints.ofThisProcess();
    private final Traces traces;
    private final String id;
    private final boolean requested;

    private CompactingChild(Path folder, String id, boolean requested) {
        this.traces = new Traces(folder);
        this.id = id;
        this.requested = requested;
    }

    public static void main(String[] args) throws InterruptedException {
        new CompactingChild(Path.of(args[0]), args[1], args[3].equals("requested")).run(Path.of(args[2]));
    }

    private void run(Path workspace) throws InterruptedException {
        try (ConversationStore store =
                        points.around(new FileStore(traces.folder().resolve("store")));
                AgentLoop agent = AgentLoop.builder()
                        .model(new ByPrompt(store))
                        .instructions("A scripted model answers.")
                        .workspace(workspace)
                        .clock(Clock.fixed(Instant.parse("2026-01-02T03:04:05Z"), ZoneOffset.UTC))
                        .tools(points.around(traces.tool("effect", Tool.Access.WRITES, Tool.AfterCrash.REPORT)))
                        .compactor(Compactor.summary(new Summing()))
                        .store(store)
                        .build()) {
            Conversation conversation = store.head(id).isPresent() ? agent.resume(id) : agent.newConversation(id);
            Outcome outcome = requested && answered(conversation) ? null : say(conversation, "go");
            if (outcome == null || requested) {
                if (conversation.compactions().isEmpty()) {
                    conversation.compact(listening());
                }
                outcome = say(conversation, "and now");
            }
            Usage total = outcome.summary().total();
            System.out.println("END " + outcome.text() + " " + total.input() + " " + total.output());
        }
    }

    // No turn stands between a compaction that was killed and the next one then.
    private static boolean answered(Conversation conversation) {
        List<Item> items =
                conversation.version() == 0 ? List.of() : conversation.prompt().items();
        return !items.isEmpty()
                && items.get(items.size() - 1) instanceof Item.Message last
                && last.text().equals("finished");
    }

    private RunOptions listening() {
        return RunOptions.listeningWith(points.around(AgentListener.NONE)).withDelivery(RunOptions.Delivery.DIRECT);
    }

    /** Says it unless that was done before, and goes on with what is under way. */
    private Outcome say(Conversation conversation, String text) {
        Item message = Item.user(text);
        boolean heard =
                conversation.version() > 0 && conversation.prompt().items().contains(message);
        return conversation.run(heard ? List.of() : List.of(message), listening());
    }

    private static Item received(String json) {
        return Item.received(json.getBytes(UTF_8)).orElseThrow();
    }

    private static Item message(String text) {
        return received("{\"type\":\"message\",\"id\":\"msg\",\"role\":\"assistant\",\"content\":[{\"type\":"
                + "\"output_text\",\"text\":\"" + text + "\"}]}");
    }

    private static Usage usage(Prompt prompt) {
        return Usage.reported(prompt.length() / 4, 0, 0, 10, 0);
    }

    /** Writes the handover; the process can be killed before it is paid for, and when its result is not durable yet. */
    private final class Summing implements Model {
        @Override
        public PromptSettings settings() {
            return PromptSettings.of("scripted").build();
        }

        @Override
        public ModelResponse respond(Prompt prompt, Listener listener) {
            points.reach("before summary");
            String done = String.join(" ", called(prompt));
            points.reach("after summary");
            return ModelResponse.of(List.of(message("done: " + done)), usage(prompt));
        }
    }

    private static List<String> called(Prompt prompt) {
        return IntStream.rangeClosed(1, CALLS)
                .mapToObj(number -> "c" + number)
                .filter(call -> prompt.items().stream().anyMatch(item -> tellsOf(item, call)))
                .toList();
    }

    private static boolean tellsOf(Item item, String call) {
        return item instanceof Item.Call made
                ? made.callId().equals(call)
                : item instanceof Item.Message said
                        && said.text().contains("done: ")
                        && said.text().contains(call);
    }

    /** Makes long calls until all are made, as far as the prompt tells. */
    private final class ByPrompt implements Model {
        private final ConversationStore store;

        ByPrompt(ConversationStore store) {
            this.store = store;
        }

        @Override
        public PromptSettings settings() {
            return PromptSettings.of("scripted")
                    .contextWindow(requested ? 0 : WINDOW)
                    .build();
        }

        @Override
        public ModelResponse respond(Prompt prompt, Listener listener) {
            traces.keep(prompt, store.head(id).orElseThrow().version());
            int done = called(prompt).size();
            Item item = done == CALLS
                    ? message("finished")
                    : Item.functionCall("c" + (done + 1), "effect", "{\"text\":\"" + "long ".repeat(1_200) + "\"}");
            listener.onItem(item);
            return ModelResponse.of(List.of(item), usage(prompt));
        }
    }
}
