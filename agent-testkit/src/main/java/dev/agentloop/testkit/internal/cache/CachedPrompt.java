package dev.agentloop.testkit.internal.cache;

import dev.agentloop.Prompt;
import dev.agentloop.internal.JsonFields;
import java.nio.ByteBuffer;
import java.util.List;

/** A prompt as a provider's cache sees it. */
public final class CachedPrompt extends CachedRequest {
    private final Prompt prompt;

    public CachedPrompt(Prompt prompt, JsonFields head) {
        super(head, null);
        this.prompt = prompt;
    }

    @Override
    int size() {
        return prompt.size();
    }

    @Override
    long end(int items) {
        return prompt.length(items);
    }

    @Override
    List<ByteBuffer> wire() {
        return prompt.wire();
    }

    @Override
    int sameItems(CachedRequest before) {
        return before instanceof CachedPrompt other && prompt.startsWith(other.prompt) ? other.size() : 0;
    }
}
