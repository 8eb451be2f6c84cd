package dev.agentloop.internal.setup;

import dev.agentloop.Prompt;
import dev.agentloop.PromptSettings;
import dev.agentloop.Toolbox;
import dev.agentloop.internal.prompt.ChunkedPrompt;
import dev.agentloop.internal.prompt.Head;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * What a model is told before anybody speaks, by the agent as it is built now.
 *
 * @param model the model's own settings
 * @param tools the tools that there are now
 * @param context what it is told of its rights, its project and its surroundings
 */
public record Setup(
        PromptSettings model,
        Toolbox tools,
        @Nullable String instructions,
        @Nullable AnswerFormat answerFormat,
        WorkspaceContext context) {

    /** The form of the final answer. */
    public record AnswerFormat(String name, String schema) {}

    /** The settings of a request now. */
    public PromptSettings settings(String cacheKey) {
        PromptSettings.Builder settings = model.toBuilder().cacheKey(cacheKey);
        if (instructions != null && !model.instructionsInInput()) {
            settings.instructions(instructions);
        }
        if (answerFormat != null) {
            settings.answerFormat(answerFormat.name(), answerFormat.schema());
        }
        return settings.build();
    }

    /** The fixed fields of a request now, less the tools of these names, which are declared elsewhere. */
    public Head head(String cacheKey, Set<String> elsewhere) {
        return head(settings(cacheKey), tools.without(elsewhere));
    }

    /** The fixed fields of a request with these settings and tools. */
    public static Head head(PromptSettings settings, Toolbox tools) {
        return ChunkedPrompt.fixed(Prompt.of(settings, tools));
    }
}
