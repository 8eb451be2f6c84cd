package dev.agentloop;

import dev.agentloop.spi.ConversationStore;
import java.time.Clock;
import java.time.Duration;
import java.util.UUID;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/** Everything that an {@link AgentLoop} was built with; immutable and shared by all its conversations. */
record LoopConfig(
        Model model,
        @Nullable String instructions,
        @Nullable AnswerFormat answerFormat,
        Supplier<Toolbox> tools,
        Compactor compactor,
        double compactAt,
        Supplier<PrefixCache> prefixCache,
        Limits limits,
        RetryPolicy retry,
        ApprovalPolicy approval,
        @Nullable Approver approver,
        @Nullable Duration approvalsExpire,
        ContextSections context,
        HostStore store,
        Clock clock,
        ToolFailure toolFailure,
        Workers workers,
        Runs runs,
        String owner,
        Turns turns,
        AbandonedTurns abandoned) {

    /** The same on this store, by an owner of its own. */
    LoopConfig on(ConversationStore other) {
        HostStore kept = new HostStore(other);
        String name = OtherOwner.name(kept.leases(), ProcessHandle.current().pid() + "-" + UUID.randomUUID());
        return new LoopConfig(
                model,
                instructions,
                answerFormat,
                tools,
                compactor,
                compactAt,
                prefixCache,
                limits,
                retry,
                approval,
                approver,
                approvalsExpire,
                context,
                kept,
                clock,
                toolFailure,
                workers,
                runs,
                name,
                new Turns(name),
                new AbandonedTurns(kept, workers, name));
    }

    /** The form of the final answer. */
    record AnswerFormat(String name, String schema) {}

    /** The settings of a conversation that begins now. */
    PromptSettings settings(PromptSettings ofModel, String cacheKey) {
        PromptSettings.Builder settings = ofModel.toBuilder().cacheKey(cacheKey);
        if (instructions != null && !ofModel.instructionsInInput()) {
            settings.instructions(instructions);
        }
        if (answerFormat != null) {
            settings.answerFormat(answerFormat.name(), answerFormat.schema());
        }
        return settings.build();
    }
}
