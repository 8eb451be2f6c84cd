package dev.agentloop;

import java.math.BigDecimal;
import java.time.Duration;
import org.jspecify.annotations.Nullable;

/**
 * Something that a run did. {@link AgentListener} draws how events nest.
 *
 * <p>Immutable. New kinds are added in later versions: ignore those that you do not know.
 */
public sealed interface AgentEvent {

    /** The run has begun, which is durable: on a new conversation with its input, otherwise before what was left open is settled. */
    record RunStarted(String conversation, long version) implements AgentEvent {}

    /** An item with instructions or facts about the environment was added; {@code section} says which. */
    record ContextAdded(String section, Item item) implements AgentEvent {}

    /**
     * A prompt is about to be sent.
     *
     * @param step counts from 1 in each run
     * @param prefix how much of the prompt can be read from the provider's cache
     */
    record StepStarted(int step, PrefixCache.Report prefix) implements AgentEvent {}

    /** A piece of text came in. */
    record Delta(Model.DeltaKind kind, String text) implements AgentEvent {}

    /** A try failed; another one is made after {@code delay}. */
    record Retrying(int attempt, Duration delay, String cause) implements AgentEvent {}

    /** An item of the model's is durable. */
    record ItemAdded(Item item) implements AgentEvent {}

    /** A call that a broken response had brought came again with the next response; it is neither kept nor run again. */
    record DuplicateCall(String callId) implements AgentEvent {}

    /** A tool is about to start; that it starts is durable. */
    record ToolStarted(ToolCall call) implements AgentEvent {}

    /** A running tool has something to show. */
    record ToolProgress(String callId, String text) implements AgentEvent {}

    /**
     * A call has its output, and the output is durable.
     *
     * @param output the output as the model sees it
     * @param time how long it ran; zero where it never started
     * @param failure what the tool threw, with its stack; null where it threw nothing. The output need not say all of it, see
     *     {@link ToolFailure}
     */
    record ToolEnded(
            ToolCall call,
            ToolOutput output,
            Duration time,
            @Nullable Throwable failure) implements AgentEvent {}

    /** A call needs approval. */
    record ApprovalAsked(Outcome.Pending question) implements AgentEvent {}

    /** A call was approved or refused. */
    record ApprovalDecided(String callId, Approver.Answer answer) implements AgentEvent {}

    /**
     * The response of a step is over.
     *
     * @param usage what it used
     * @param broken why it ended without its terminal event, or null
     */
    record StepEnded(int step, Usage usage, @Nullable String broken) implements AgentEvent {}

    /**
     * What the provider's cache gave for the prompt of a step, told after the step has ended with a whole response.
     *
     * @param reuse how that compares with what was to be expected
     * @param diagnosis what the server itself says about it; null where it was not asked or says nothing
     */
    record CacheUsed(int step, PrefixCache.Reuse reuse, ModelResponse.@Nullable CacheDiagnosis diagnosis)
            implements AgentEvent {}

    /** How full the context is, told before each step where the model's window is known. */
    record ContextMeasured(Compactor.Context context) implements AgentEvent {}

    /**
     * A compactor is about to shorten the prompt.
     *
     * @param by its name
     * @param offer what it may use
     * @param missTokens about how many tokens the next request has that the provider must read again, because they do not
     *     stand where they stood
     * @param cost of both, at the prices of the limits; null without prices
     */
    record CompactionStarted(
            String by,
            Compactor.Reason reason,
            Compactor.Context context,
            Compactor.Offer offer,
            long missTokens,
            @Nullable BigDecimal cost)
            implements AgentEvent {}

    /** A compactor failed or broke a rule; the next one is tried, and nothing is changed. */
    record CompactionFailed(String by, String cause) implements AgentEvent {}

    /** The prompt was shortened, durably. */
    record Compacted(String by, Compactor.Context before, Compactor.Context after, Usage usage) implements AgentEvent {}

    /** The prompt begins again, so nothing of it is a reusable prefix. */
    record EpochStarted(int epoch, String reason) implements AgentEvent {}

    /** Something that a person should know and that does not end the run. */
    record Warning(String text) implements AgentEvent {}

    /** The run has ended; its outcome is durable. */
    record RunEnded(Outcome outcome) implements AgentEvent {}
}
