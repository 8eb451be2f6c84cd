package dev.agentloop.examples.cli;

import dev.agentloop.Model;
import dev.agentloop.ModelResponse;
import dev.agentloop.Prompt;
import dev.agentloop.PromptSettings;

/** In the model's place where a conversation is only read or decided about, which needs no key. */
final class NoModel implements Model {
    @Override
    public PromptSettings settings() {
        return PromptSettings.of("none").build();
    }

    @Override
    public ModelResponse respond(Prompt prompt, Listener listener) {
        throw new IllegalStateException("this command asks no model");
    }
}
