package dev.agentloop;

import static org.awaitility.Awaitility.await;

import dev.agentloop.internal.log.Entry;
import dev.agentloop.spi.ConversationStore;
import dev.agentloop.spi.LogEntry;
import dev.agentloop.stores.MemoryStore;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.UUID;
import java.util.concurrent.CountDownLatch;

/**
 * The log of a conversation whose process died: one call was under way, another one was asked about. What was said before
 * is long, so that the window is soon full, and a compaction has something to gain.
 */
final class FaultSeed {
    private final String id = UUID.randomUUID().toString();
    private final ConversationStore memory = new MemoryStore();
    private final CountDownLatch asked = new CountDownLatch(1);
    private final CountDownLatch died = new CountDownLatch(1);
    private final List<LogEntry> seen = new ArrayList<>();

    private FaultSeed() {}

    static List<LogEntry> entries() {
        FaultSeed seed = new FaultSeed();
        seed.run();
        return seed.seen;
    }

    private void run() {
        Tool note = LoopFixture.TestTool.writes("note", (call, context) -> {
            asked.await();
            await().atMost(Duration.ofSeconds(30))
                    .until(() -> memory.read(id, 0, 1_000).stream()
                            .anyMatch(entry -> entry.kind().equals(Entry.RESPONSE)));
            seen.addAll(memory.read(id, 0, 1_000));
            died.countDown();
            return ToolOutput.text("noted");
        });
        Tool edit = LoopFixture.TestTool.writes("edit", (call, context) -> ToolOutput.text("edited"));
        Tool read = LoopFixture.TestTool.reads("read", (call, context) -> ToolOutput.text("read"));
        try (AgentLoop agent = AgentLoop.builder()
                .model(model())
                .tools(note, edit, read)
                .approval((call, access) -> call.name().equals("edit")
                        ? ApprovalPolicy.Decision.ask("may it?")
                        : ApprovalPolicy.Decision.allow())
                .approver(question -> {
                    asked.countDown();
                    died.await();
                    return Approver.Answer.approve();
                })
                .store(new FaultStore(memory, FaultCell.healthy(), "there"))
                .build()) {
            agent.newConversation(id).run("a long story. ".repeat(1_500));
        }
    }

    // It counts no tokens, so that a run that resumes the conversation has the model count them.
    private static Model model() {
        Script script =
                new Script(Script.calls(Script.call("old1", "note"), Script.call("old2", "edit")), Script.says("done"));
        return new Model() {
            @Override
            public PromptSettings settings() {
                return FaultHost.SETTINGS;
            }

            @Override
            public ModelResponse respond(Prompt prompt, Listener listener) throws InterruptedException {
                return ModelResponse.of(script.respond(prompt, listener).items(), Usage.NONE);
            }
        };
    }
}
