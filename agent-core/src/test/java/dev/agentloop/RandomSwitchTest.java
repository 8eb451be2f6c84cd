package dev.agentloop;

import static org.assertj.core.api.Assertions.assertThat;

import dev.agentloop.internal.JsonFields;
import dev.agentloop.spi.ConversationStore;
import dev.agentloop.spi.ForwardingStore;
import dev.agentloop.spi.LogEntry;
import dev.agentloop.spi.LogPosition;
import dev.agentloop.spi.StoreException;
import dev.agentloop.stores.MemoryStore;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Random;
import java.util.TreeMap;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/**
 * Deployments with another model, effort, instructions, tools and settings, while calls are asked about, held, started before a
 * crash, or open in a fork: whatever is sent then is sent as the new agent would begin to send it, by an epoch of the log.
 */
@Timeout(180)
class RandomSwitchTest {
    private static final int ROUNDS = 400;
    private static final Usage USED = Usage.reported(100, 0, 0, 10, 0);

    private final ConversationStore memory = new MemoryStore();
    private final Map<String, Prompt> lastSent = new TreeMap<>();
    private final Map<String, Long> sentAt = new TreeMap<>();
    private Random random = new Random();
    private boolean down;
    private int calls;
    private int requests;
    private int open;
    private int switched;
    private int summaries;
    private String conversation = "";
    private boolean forked;

    /** What an agent is deployed with. */
    private record Deployment(PromptSettings settings, String instructions, List<String> tools) {}

    /** The tools' names say what happens to their calls. */
    private record Named(String name, Runnable crash) implements Tool {
        @Override
        public Specification specification() {
            return Specification.function(name, "a tool of a test", "{\"type\":\"object\"}");
        }

        @Override
        public Access access(ToolCall call) {
            return name.startsWith("read") ? Access.READS : Access.WRITES;
        }

        @Override
        public ToolOutput call(ToolCall call, ToolContext context) {
            if (name.equals("crash")) {
                crash.run();
            }
            return ToolOutput.text("did it");
        }
    }

    /** Loses its database when a tool says so: the log ends in a call that was started, as after a crash. */
    private final class Failing extends ForwardingStore {
        Failing() {
            super(memory);
        }

        @Override
        public LogPosition append(String id, LogPosition expected, List<LogEntry> entries) {
            if (down) {
                throw new StoreException(StoreException.Kind.UNAVAILABLE, "gone");
            }
            return super.append(id, expected, entries);
        }

        @Override
        public void close() {
            // The memory under it is of all deployments.
        }
    }

    private boolean chance(int percent) {
        return random.nextInt(100) < percent;
    }

    private <T> T any(List<T> of) {
        return of.get(random.nextInt(of.size()));
    }

    private Deployment deployment() {
        PromptSettings settings = PromptSettings.of("m-" + random.nextInt(3))
                .reasoning(true)
                .effort(any(List.of("low", "medium", "high")))
                .verbosity(any(List.of("low", "high")))
                .configurationUpdates(chance(30))
                .additionalTools(chance(30))
                .instructionsInInput(chance(30))
                .contextWindow(chance(20) ? 100 : 0)
                .build();
        List<String> tools = new ArrayList<>(List.of("ask", "write", "read", "crash"));
        if (chance(50)) {
            tools.add("read-" + random.nextInt(3));
        }
        return new Deployment(settings, any(List.of("Be careful.", "Be bold.")), tools);
    }

    private AgentLoop agent(Deployment now) {
        Model model = new Checked(now);
        return AgentLoop.builder()
                .model(model)
                .instructions(now.instructions())
                .tools(now.tools().stream()
                        .map(name -> new Named(name, () -> down = true))
                        .toList())
                .approval((call, access) -> call.name().equals("ask")
                        ? ApprovalPolicy.Decision.ask("may it?")
                        : ApprovalPolicy.Decision.allow())
                .compactor(Compactor.summary(model))
                .store(new Failing())
                .build();
    }

    /** Answers by the random number, and checks what it is asked with. */
    private final class Checked implements Model {
        private final Deployment now;

        Checked(Deployment now) {
            this.now = now;
        }

        @Override
        public PromptSettings settings() {
            return now.settings();
        }

        @Override
        public ModelResponse respond(Prompt prompt, Listener listener) {
            requests++;
            check(prompt);
            Item last = prompt.item(prompt.size() - 1);
            boolean summary = last instanceof Item.Message message
                    && message.text().startsWith("The conversation is getting too long");
            if (summary) {
                summaries++;
                return ModelResponse.of(List.of(Script.message("short")), USED);
            }
            List<Item> items = new ArrayList<>();
            for (int i = chance(60) ? 1 + random.nextInt(4) : 0; i > 0; i--) {
                items.add(Script.call("c" + calls++, any(List.of("ask", "ask", "write", "read", "crash"))));
            }
            if (items.isEmpty()) {
                items.add(Script.message("done"));
            }
            return ModelResponse.of(items, USED);
        }

        private void check(Prompt prompt) {
            JsonFields head = JsonFields.of(prompt.head().getBytes(StandardCharsets.UTF_8));
            assertThat(head.text("model")).isEqualTo(now.settings().model());
            assertThat(Objects.requireNonNull(head.inner("text")).text("verbosity"))
                    .isEqualTo(verbosity());
            assertThat(effort(head, prompt)).isEqualTo(now.settings().effort());
            assertThat(said(head, prompt)).contains(now.instructions());
            Prompt before = lastSent.put(conversation, prompt);
            long version = memory.head(conversation).orElseThrow().version();
            long since = Objects.requireNonNullElse(sentAt.put(conversation, version), 0L);
            if (before != null && !before.head().equals(prompt.head())) {
                switched++;
                assertThat(memory.read(conversation, since, 10_000))
                        .as("an epoch between the requests at version %d and %d", since, version)
                        .anyMatch(entry -> entry.kind().startsWith("epoch"));
            }
        }

        private String verbosity() {
            JsonFields fixed = JsonFields.of(
                    Prompt.of(now.settings(), Toolbox.empty()).head().getBytes(StandardCharsets.UTF_8));
            return Objects.requireNonNull(fixed.inner("text")).textOrEmpty("verbosity");
        }

        // The newest update holds; two of them side by side the API refuses, so the head may have the effort of before.
        private String effort(JsonFields head, Prompt prompt) {
            String effort = Objects.requireNonNull(head.inner("reasoning")).textOrEmpty("effort");
            for (Item item : prompt.items()) {
                if (item.type().equals("configuration_update")) {
                    JsonFields update = JsonFields.of(item.json().getBytes(StandardCharsets.UTF_8));
                    effort = Objects.requireNonNull(update.inner("reasoning")).textOrEmpty("effort");
                }
            }
            return effort;
        }

        private String said(JsonFields head, Prompt prompt) {
            String said = head.textOrEmpty("instructions");
            for (Item item : prompt.items()) {
                if (item instanceof Item.Message message && message.role().equals("developer")) {
                    said = message.text().contains("Be ") ? message.text() : said;
                }
            }
            return said;
        }
    }

    @Test
    void deploymentsWhileCallsAreOpen_areSentByAnEpoch() {
        long seed = Long.getLong("agentloop.seed", System.nanoTime());
        System.out.println("RandomSwitchTest: -Dagentloop.seed=" + seed);
        random = new Random(seed);
        for (int round = 0; round < ROUNDS; round++) {
            converse();
        }
        // Each of what this test is about has come about.
        assertThat(List.of(open, switched, summaries)).allMatch(count -> count > 10);
    }

    private void converse() {
        Deployment now = deployment();
        conversation = "";
        forked = false;
        boolean fresh = true;
        for (int turn = 0; turn < 5; turn++) {
            try (AgentLoop agent = agent(now)) {
                Conversation handle = conversation.isEmpty() ? agent.newConversation() : resumed(agent);
                conversation = handle.id();
                turn(handle, fresh);
            }
            fresh = false;
            now = chance(70) ? deployment() : now;
        }
    }

    private Conversation resumed(AgentLoop agent) {
        Conversation parent = agent.resume(conversation);
        forked = chance(15);
        if (!forked) {
            return parent;
        }
        Prompt sent = lastSent.get(conversation);
        long at = sentAt.get(conversation);
        Conversation fork = agent.fork(conversation, parent.version());
        lastSent.put(fork.id(), sent);
        sentAt.put(fork.id(), at);
        return fork;
    }

    private void turn(Conversation handle, boolean fresh) {
        List<Outcome.Pending> awaiting = handle.awaitingApproval();
        int left = awaiting.size();
        for (Outcome.Pending pending : awaiting) {
            if (chance(70)) {
                left--;
                if (chance(70)) {
                    handle.approve(pending);
                } else {
                    handle.deny(pending, "no");
                }
            }
        }
        open += left > 0 || !awaiting.isEmpty() ? 1 : 0;
        int before = requests;
        try {
            if (awaiting.isEmpty() && !fresh && chance(20)) {
                compact(handle);
            }
            Outcome outcome = awaiting.isEmpty() ? handle.run("go on") : handle.run(RunOptions.DEFAULT);
            if (left > 0 && !forked) {
                assertThat(outcome).isInstanceOf(Outcome.AwaitingApproval.class);
                assertThat(requests).as("while calls await a decision").isEqualTo(before);
            }
        } catch (StoreException e) {
            assertThat(down).as(e.getMessage()).isTrue();
        } finally {
            down = false;
        }
    }

    private void compact(Conversation handle) {
        try {
            handle.compact(RunOptions.DEFAULT);
        } catch (IllegalStateException e) {
            // Calls of a turn that a crash has ended are still open, or the summary is longer than what it sums up.
            assertThat(e).hasMessageMatching("(?s).*(have no output yet|was not shortened).*");
        } catch (InterruptedException e) {
            throw new AssertionError(e);
        }
    }
}
