package dev.agentloop;

import static org.awaitility.Awaitility.await;

import dev.agentloop.spi.ConversationStore;
import dev.agentloop.spi.LogEntry;
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
    private FaultSeed() {}

    static List<LogEntry> entries() {
        String id = UUID.randomUUID().toString();
        ConversationStore memory = ConversationStore.inMemory();
        List<LogEntry> seen = new ArrayList<>();
        CountDownLatch asked = new CountDownLatch(1);
        CountDownLatch died = new CountDownLatch(1);
        Script script =
                new Script(Script.calls(Script.call("old1", "note"), Script.call("old2", "edit")), Script.says("done"));
        Model model = new Model() {
            @Override
            public PromptSettings settings() {
                return FaultHost.SETTINGS;
            }

            @Override
            public ModelResponse respond(Prompt prompt, Listener listener) throws InterruptedException {
                ModelResponse whole = script.respond(prompt, listener);
                return ModelResponse.of(whole.items(), Usage.NONE);
            }
        };
        Tool note = LoopFixture.TestTool.writes("note", (call, context) -> {
            asked.await();
            await().atMost(Duration.ofSeconds(30))
                    .until(() -> memory.read(id, 0, 1_000).stream()
                            .anyMatch(entry -> entry.kind().equals(Draft.RESPONSE)));
            seen.addAll(memory.read(id, 0, 1_000));
            died.countDown();
            return ToolOutput.text("noted");
        });
        Tool edit = LoopFixture.TestTool.writes("edit", (call, context) -> ToolOutput.text("edited"));
        Tool read = LoopFixture.TestTool.reads("read", (call, context) -> ToolOutput.text("read"));
        try (AgentLoop agent = AgentLoop.builder()
                .model(model)
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
        return seen;
    }
}
