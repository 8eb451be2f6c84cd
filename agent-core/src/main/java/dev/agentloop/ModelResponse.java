package dev.agentloop;

import java.util.List;
import java.util.Optional;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;

/**
 * What one inference gave. Immutable and thread-safe.
 *
 * @param id the server's id of the response; empty if it gave none
 * @param items the items in the order of the response, in their replay bytes
 * @param usage the tokens used; an estimate where the server reported none
 * @param incomplete why the response stopped early, in the API's words such as {@code max_output_tokens}; null where it is
 *     complete
 * @param endTurn false where the model wants another inference even without a tool call
 */
public record ModelResponse(
        String id, List<Item> items, Usage usage, @Nullable String incomplete, boolean endTurn) {

    public ModelResponse {
        items = List.copyOf(items);
    }

    /** A complete response. */
    public static ModelResponse of(List<Item> items, Usage usage) {
        return new ModelResponse("", items, usage, null, true);
    }

    /** The calls that the host must answer, in order; none that the model was cut off in. */
    public List<ToolCall> toolCalls() {
        return items.stream()
                .filter(item -> item instanceof Item.Call call && !call.incomplete())
                .map(item -> ToolCall.of((Item.Call) item))
                .collect(Collectors.toUnmodifiableList());
    }

    /** The text of the assistant's messages, joined; empty where there is none. */
    public String text() {
        return items.stream()
                .map(item -> item instanceof Item.Message message ? message.text() : "")
                .collect(Collectors.joining());
    }

    /** What the model said instead of an answer. */
    public Optional<String> refusal() {
        String refusal = items.stream()
                .map(item -> item instanceof Item.Message message ? message.refusal() : "")
                .collect(Collectors.joining());
        return refusal.isEmpty() ? Optional.empty() : Optional.of(refusal);
    }
}
