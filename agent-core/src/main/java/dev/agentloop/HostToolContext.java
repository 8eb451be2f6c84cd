package dev.agentloop;

import java.util.Map;
import java.util.Optional;

/** What a tool may know when a loop of the host's own runs it. */
record HostToolContext(Conversation of, OpenCall call, String tenant, Thread runner) implements ToolContext {
    @Override
    public String conversation() {
        return of.id();
    }

    @Override
    public String callId() {
        return call.item().callId();
    }

    @Override
    public String idempotencyKey() {
        return RunningCall.key(tenant, of.id(), call.version());
    }

    @Override
    public boolean cancelled() {
        return runner.isInterrupted();
    }

    @Override
    public void progress(String text) {}

    @Override
    public Map<String, String> attributes() {
        return Map.of();
    }

    @Override
    public Optional<String> fullOutput(String otherCallId) {
        return of.fullOutput(otherCallId);
    }
}
