package dev.agentloop.openai;

import dev.agentloop.Compactor;
import dev.agentloop.Model;
import dev.agentloop.ModelResponse;
import java.util.Optional;

/** Has the server compact, by {@code POST /responses/compact}. */
record EndpointCompactor(Model endpoint) implements Compactor {
    private static final long ANSWER_TOKENS = 3_000;

    @Override
    public String name() {
        return "endpoint";
    }

    // The request has a shape of its own, without the tools that a prompt begins with: none of it is in the cache.
    @Override
    public Optional<Offer> offer(Task task) {
        return task.prompt().size() == 0
                ? Optional.empty()
                : Optional.of(new Offer(task.context().tokens(), 0, ANSWER_TOKENS));
    }

    @Override
    public Window compact(Task task) throws InterruptedException {
        ModelResponse window = endpoint.respond(task.prompt(), Model.Listener.NONE);
        return Window.returned(window.items(), window.usage());
    }
}
