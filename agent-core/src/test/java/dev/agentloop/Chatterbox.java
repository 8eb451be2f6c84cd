package dev.agentloop;

import java.util.List;
import java.util.concurrent.CountDownLatch;
import java.util.stream.Collectors;

/**
 * A model without a memory, and tools for it, so that any process can go on with its conversations: it calls the tool that a
 * message of the user's begins with ({@code wait}, {@code ask}), and otherwise says all that it has heard from the user.
 */
final class Chatterbox implements Model {
    final CountDownLatch inTool = new CountDownLatch(1);
    final CountDownLatch go = new CountDownLatch(1);
    private final Runnable entered;

    /** A model; {@code entered} is run when its tool begins to wait. */
    Chatterbox(Runnable entered) {
        this.entered = entered;
    }

    Chatterbox() {
        this(() -> {});
    }

    AgentLoop agent(dev.agentloop.spi.ConversationStore store) {
        return AgentLoop.builder()
                .model(this)
                .tools(
                        LoopFixture.TestTool.writes("wait", (call, context) -> {
                            entered.run();
                            inTool.countDown();
                            go.await();
                            return ToolOutput.text("waited");
                        }),
                        LoopFixture.TestTool.writes("ask", (call, context) -> ToolOutput.text("asked")))
                .approval((call, access) -> call.name().equals("ask")
                        ? ApprovalPolicy.Decision.ask("may it?")
                        : ApprovalPolicy.Decision.allow())
                .store(store)
                .build();
    }

    @Override
    public PromptSettings settings() {
        return PromptSettings.of("chatterbox").build();
    }

    @Override
    public ModelResponse respond(Prompt prompt, Listener listener) {
        List<Item> items = prompt.items();
        Item last = items.get(items.size() - 1);
        boolean calls = last instanceof Item.Message message && message.text().matches("(wait|ask).*");
        Item said = calls
                ? Script.call("c" + items.size(), ((Item.Message) last).text().replaceAll("\\d+$", ""))
                : Script.message(heard(prompt));
        return ModelResponse.of(List.of(said), Usage.NONE);
    }

    /** What the user has said by then. */
    static String heard(Prompt prompt) {
        return prompt.items().stream()
                .filter(item ->
                        item instanceof Item.Message message && message.role().equals("user"))
                .map(item -> ((Item.Message) item).text())
                .collect(Collectors.joining(" "));
    }
}
