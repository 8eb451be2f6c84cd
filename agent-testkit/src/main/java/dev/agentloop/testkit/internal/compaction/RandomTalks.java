package dev.agentloop.testkit.internal.compaction;

import dev.agentloop.AgentLoop;
import dev.agentloop.ApprovalPolicy;
import dev.agentloop.Compactor;
import dev.agentloop.Item;
import dev.agentloop.PromptSettings;
import dev.agentloop.Tool;
import dev.agentloop.ToolCall;
import dev.agentloop.ToolContext;
import dev.agentloop.ToolOutput;
import dev.agentloop.spi.ConversationStore;
import dev.agentloop.stores.MemoryStore;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Clock;
import java.time.Instant;
import java.time.ZoneOffset;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;

/**
 * Holds a conversation and its forks by random numbers: runs, appends, pins, compactions that are due or asked for or taken
 * back, and between them everything that a host can change.
 */
public final class RandomTalks implements AutoCloseable {
    private static final String SCHEMA = "{\"type\":\"object\",\"properties\":{\"n\":{\"type\":\"integer\"}}}";

    private final Random random;
    private final Path workspace;
    private final CompactedTalk.Recording compactor;
    private final boolean returned;
    private final RandomAnswers model;
    private final ConversationStore store = new MemoryStore();
    private final List<Tool> more = new ArrayList<>();
    private Instant now = Instant.parse("2026-01-01T00:00:00Z");
    private ApprovalPolicy.Rights rights = ApprovalPolicy.Rights.WORKSPACE_WRITE;
    private AgentLoop agent;
    private int count;

    /** One conversation; {@code returned} says whether the compactor's windows are those that a server gave. */
    public RandomTalks(Compactor compactor, boolean returned, Random random, Path workspace) {
        this.random = random;
        this.workspace = workspace;
        this.compactor = new CompactedTalk.Recording(compactor);
        this.returned = returned;
        this.model = new RandomAnswers(random, settings());
        agentsMd();
        this.agent = agent();
    }

    private PromptSettings settings() {
        return PromptSettings.of("random")
                .reasoning(true)
                .effort(List.of("low", "medium", "high").get(random.nextInt(3)))
                .configurationUpdates(true)
                .additionalTools(true)
                .contextWindow(random.nextBoolean() ? 0 : 3_000 + random.nextInt(3_000))
                .build();
    }

    private AgentLoop agent() {
        return AgentLoop.builder()
                .model(model)
                .instructions("Be careful.")
                .developerInstructions("Developer: speak plainly.")
                .workspace(workspace)
                .approval(ApprovalPolicy.of(ApprovalPolicy.Mode.NEVER, rights))
                .clock(Clock.fixed(now, ZoneOffset.UTC))
                .tools(new Sample(RandomAnswers.LOOK, false), new Sample(RandomAnswers.PLAN, true))
                .tools(more)
                .compactor(compactor)
                .store(store)
                .build();
    }

    @Override
    public void close() {
        agent.close();
        store.close();
    }

    /** Holds the conversation; how many compactions there were. */
    public int hold() {
        CompactedTalk talk = new CompactedTalk(agent.newConversation(), store, model, compactor, returned);
        talk.run(input());
        for (int steps = 2 + random.nextInt(3); steps > 0; steps--) {
            talk = step(talk);
        }
        talk.run(input());
        talk.compact();
        talk.resume(agent.resume(talk.conversation().id()));
        talk.run(input());
        return talk.judged();
    }

    private CompactedTalk step(CompactedTalk talk) {
        switch (random.nextInt(12)) {
            case 0, 1, 2 -> talk.run(input());
            case 3 -> talk.append(List.of(input()));
            case 4 -> respondByHand(talk);
            case 5 -> talk.pin("fact_" + random.nextInt(3), Item.developer("Fact " + count++ + "."));
            case 6 -> talk.pinNames().stream().findFirst().ifPresent(talk::unpin);
            case 7, 8 -> {
                talk.compact();
                talk.resume(agent.resume(talk.conversation().id()));
            }
            case 9 -> talk.undo();
            case 10 -> {
                long at = forkable(talk);
                talk = talk.fork(agent.fork(talk.conversation().id(), at), at);
                talk.run(input());
            }
            default -> change(talk);
        }
        return talk;
    }

    // Behind an item of the model's the suite could not know which response is the newest.
    private long forkable(CompactedTalk talk) {
        long version = talk.conversation().version();
        long at = version - random.nextInt((int) version / 2);
        while (at < version
                && store.read(talk.conversation().id(), at - 1, 1).get(0).kind().equals("item.model")) {
            at++;
        }
        return at;
    }

    /** As a host with a loop of its own does. */
    private void respondByHand(CompactedTalk talk) {
        List<Item> items = model.items(random.nextInt(3));
        talk.conversation().append(dev.agentloop.ModelResponse.of(items, dev.agentloop.Usage.NONE));
        List<Item> outputs = new ArrayList<>();
        items.forEach(item -> {
            if (item instanceof Item.Call call) {
                outputs.add(output(ToolCall.of(call)).item(ToolCall.of(call)));
            }
        });
        if (!outputs.isEmpty()) {
            talk.conversation().append(outputs);
        }
    }

    private void change(CompactedTalk talk) {
        switch (random.nextInt(5)) {
            case 0 -> model.settings(settings());
            case 1 -> more.add(new Sample("more_" + more.size(), false));
            case 2 -> now = now.plusSeconds(random.nextInt(200_000));
            case 3 -> rights = List.of(ApprovalPolicy.Rights.values()).get(random.nextInt(3));
            default -> agentsMd();
        }
        agent.close();
        agent = agent();
        talk.resume(agent.resume(talk.conversation().id()));
    }

    private void agentsMd() {
        try {
            Files.writeString(workspace.resolve("AGENTS.md"), "Rule " + random.nextInt(100) + ".");
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    private Item input() {
        return switch (random.nextInt(6)) {
            case 0 -> Item.user("go on");
            case 1 -> Item.user("what is on it? " + count++, List.of(RandomAnswers.IMAGE));
            default -> Item.user("user " + count++ + " " + "w".repeat(random.nextInt(600)));
        };
    }

    private ToolOutput output(ToolCall call) {
        if (call.name().equals(RandomAnswers.PLAN)) {
            return ToolOutput.text("Plan " + call.callId());
        }
        return random.nextInt(6) == 0
                ? new ToolOutput(
                        List.of(new ToolOutput.Text("a picture"), new ToolOutput.Image(RandomAnswers.IMAGE, "auto")),
                        false)
                : ToolOutput.text("line\n".repeat(random.nextInt(500)));
    }

    /** A tool that gives long and short outputs and images. */
    private final class Sample implements Tool {
        private final Specification specification;
        private final boolean kept;

        Sample(String name, boolean kept) {
            this.specification = Specification.function(name, "Gives something.", SCHEMA);
            this.kept = kept;
        }

        @Override
        public Specification specification() {
            return specification;
        }

        // Writing calls run one by one, so the random numbers come in one order.
        @Override
        public Access access(ToolCall call) {
            return kept ? Access.READS : Access.WRITES;
        }

        @Override
        public boolean keptInCompaction() {
            return kept;
        }

        @Override
        public ToolOutput call(ToolCall call, ToolContext context) {
            return output(call);
        }
    }
}
