package dev.agentloop.testkit;

import dev.agentloop.ToolContext;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/** A context without a loop around it; what the tool says goes into a list. */
record RecordingContext(String callId, List<String> said) implements ToolContext {
    private static final String CONVERSATION = "0199a000-0000-7000-8000-000000000000";

    @Override
    public String conversation() {
        return CONVERSATION;
    }

    @Override
    public boolean cancelled() {
        return Thread.currentThread().isInterrupted();
    }

    @Override
    public void progress(String text) {
        synchronized (said) {
            said.add(text);
        }
    }

    @Override
    public Map<String, String> attributes() {
        return Map.of();
    }

    @Override
    public Optional<String> fullOutput(String call) {
        return Optional.empty();
    }
}
