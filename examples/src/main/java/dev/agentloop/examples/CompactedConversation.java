package dev.agentloop.examples;

import dev.agentloop.AgentLoop;
import dev.agentloop.Compactor;
import dev.agentloop.Conversation;
import dev.agentloop.Item;
import dev.agentloop.Model;
import dev.agentloop.RunOptions;
import dev.agentloop.Tool;
import java.io.PrintStream;
import java.util.List;
import java.util.Optional;

/** Shortens the prompt of a conversation, shows what became of it, and takes it back. */
public final class CompactedConversation {
    private CompactedConversation() {}

    static AgentLoop agent(Model model, List<Tool> tools) {
        // tag::agent[]
        AgentLoop agent = AgentLoop.builder()
                .model(model)
                .tools(tools)
                .compactor(Compactor.firstOf(
                        Compactor.withoutOldOutputs(), // free; images and long outputs of long ago
                        Compactor.summary(model))) // one request; works with any model
                .compactAt(0.8)
                .build();
        // end::agent[]
        return agent;
    }

    // tag::compact[]
    static void compact(Conversation conversation, PrintStream out) throws InterruptedException {
        conversation.pin("deadline", Item.developer("The deadline is the 3rd of March."));
        Optional<Compactor.Completed> done = conversation.compact(RunOptions.DEFAULT);
        if (done.isEmpty()) {
            return; // there was nothing to gain
        }
        Compactor.Completed compaction = done.get();
        out.println(
                compaction.by() + ": " + compaction.tokensBefore() + " tokens before, about " + compaction.tokensAfter()
                        + " after; used " + compaction.usage().total());
        out.println(conversation.promptAt(compaction.version() - 1).size() + " items before, "
                + conversation.promptAt(compaction.version()).size() + " after");
        conversation.undoCompaction();
    }
    // end::compact[]
}
