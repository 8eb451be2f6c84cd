package dev.agentloop;

import java.util.List;
import java.util.Objects;
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
 * @param cacheDiagnosis what the server says about the reuse of the prompt's prefix; null where it was not asked or says
 *     nothing, see {@link PromptSettings.Builder#cacheDiagnostics}
 */
public record ModelResponse(
        String id,
        List<Item> items,
        Usage usage,
        @Nullable String incomplete,
        boolean endTurn,
        @Nullable CacheDiagnosis cacheDiagnosis) {

    public ModelResponse {
        Objects.requireNonNull(id, "a response without an id has an empty one, not null");
        Objects.requireNonNull(usage, "a response of unknown usage has Usage.NONE or an estimate, not null");
        items = List.copyOf(items);
    }

    /** A response without a diagnosis. */
    public ModelResponse(String id, List<Item> items, Usage usage, @Nullable String incomplete, boolean endTurn) {
        this(id, items, usage, incomplete, endTurn, null);
    }

    /**
     * What the server says when it compares a prompt with that of an earlier response: {@code prompt_cache_diagnostics},
     * best effort and the first difference only. Immutable and thread-safe.
     *
     * @param type {@code cache_hit}, {@code cache_miss}, {@code comparison_response_not_found}, {@code unavailable}, or a
     *     type that the API has learned since
     * @param reason why it missed, in the API's words such as {@code tools_changed}; null where it did not or does not say
     * @param missedTokens how many tokens were not read from the cache though the earlier prompt had them; 0 where the
     *     server does not say
     * @param reusableTokens how many tokens of the earlier prompt could have been reused; 0 where the server does not say
     */
    public record CacheDiagnosis(String type, @Nullable String reason, long missedTokens, long reusableTokens) {
        /** Whether the server says that it did not read from the cache what it could have. */
        public boolean miss() {
            return type.equals("cache_miss");
        }
    }

    /** This response with a diagnosis. */
    public ModelResponse withCacheDiagnosis(@Nullable CacheDiagnosis diagnosis) {
        return new ModelResponse(id, items, usage, incomplete, endTurn, diagnosis);
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
