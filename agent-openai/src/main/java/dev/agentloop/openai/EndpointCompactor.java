package dev.agentloop.openai;

import com.fasterxml.jackson.core.JsonToken;
import dev.agentloop.Compactor;
import dev.agentloop.Item;
import dev.agentloop.Model;
import dev.agentloop.ModelResponse;
import dev.agentloop.Prompt;
import dev.agentloop.PromptSettings;
import dev.agentloop.RetryPolicy;
import dev.agentloop.Usage;
import dev.agentloop.internal.JsonFields;
import dev.agentloop.internal.JsonFields.Field;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

/** Has the server compact, by {@code POST /responses/compact}. Thread-safe. */
record EndpointCompactor(Model endpoint) implements Compactor {
    private static final long ANSWER_TOKENS = 3_000;

    /** The compactor at the client's address, whose requests are tried again as those of an inference are. */
    static EndpointCompactor of(ResponsesClient client, RetryPolicy retries) {
        return new EndpointCompactor(retries.around(new Windows(client)));
    }

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

    /**
     * One request for each prompt; the response's items are the window that it gave. In the form of a model, so that it is
     * tried again like one.
     */
    private record Windows(ResponsesClient client) implements Model {

        @Override
        public PromptSettings settings() {
            return client.settings();
        }

        @Override
        public ModelResponse respond(Prompt prompt, Listener listener) throws InterruptedException {
            RequestBody body = RequestBody.toCompact(prompt, !settings().instructionsInInput());
            return client.post("/compact", body, (answer, failures) -> read(answer, failures, prompt.length()));
        }
    }

    // Unlike the items of a response these are not the model's but the next prompt's own: nothing is cut from them.
    private static ModelResponse read(JsonFields answer, Failures failures, long promptBytes) {
        JsonFields output = answer.inner("output");
        JsonFields usage = answer.inner("usage");
        Usage reported = usage == null ? Usage.NONE : ResponseReader.usage(usage, promptBytes, 0);
        if (output == null) {
            throw answer.has("error")
                    ? failures.failed(answer)
                    : failures.protocol("was asked to compact and sent no output", reported);
        }
        List<Item> items = new ArrayList<>();
        long bytes = 0;
        for (Field field : output.all()) {
            JsonFields item = field.token() == JsonToken.START_OBJECT ? output.inner(field) : null;
            if (item == null) {
                throw failures.protocol(
                        "sent a compacted window with something that is no item: "
                                + ApiError.shortened(output.raw(field)),
                        reported);
            }
            items.add(Item.of(item.line(null)));
            bytes += field.end() - field.start();
        }
        return ModelResponse.of(items, ResponseReader.usage(usage, promptBytes, bytes));
    }
}
