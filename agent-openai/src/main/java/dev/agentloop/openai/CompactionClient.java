package dev.agentloop.openai;

import com.fasterxml.jackson.core.JsonToken;
import dev.agentloop.Item;
import dev.agentloop.Model;
import dev.agentloop.ModelResponse;
import dev.agentloop.Prompt;
import dev.agentloop.PromptSettings;
import dev.agentloop.Usage;
import dev.agentloop.internal.JsonFields;
import dev.agentloop.internal.JsonFields.Field;
import java.util.ArrayList;
import java.util.List;

/**
 * One request to {@code /responses/compact} for each prompt; the response's items are the window that it gave. In the form of
 * a model, so that it is tried again like one. Thread-safe.
 */
record CompactionClient(PromptSettings settings, JsonClient client) implements Model {

    @Override
    public ModelResponse respond(Prompt prompt, Listener listener) throws InterruptedException {
        String fields = HeadFields.toCompact(prompt, !settings.instructionsInInput());
        return client.post(
                new PromptBody(fields, prompt), (answer, failures) -> read(answer, failures, prompt.length()));
    }

    // Unlike the items of a response these are not the model's but the next prompt's own: nothing is cut from them.
    private static ModelResponse read(JsonFields answer, Failures failures, long promptBytes) {
        JsonFields output = answer.inner("output");
        JsonFields usage = answer.inner("usage");
        Usage reported = usage == null ? Usage.NONE : ReportedUsage.of(usage, promptBytes, 0);
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
        return ModelResponse.of(items, ReportedUsage.of(usage, promptBytes, bytes));
    }
}
