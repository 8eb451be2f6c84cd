package dev.agentloop;

/**
 * Is told what a run does, as it does it.
 *
 * <p>Told one event at a time and in order: on a thread of its own and through a buffer, or on the thread that called
 * {@code run}, see {@link RunOptions.Delivery}. {@code run} returns when {@code RunEnded} was told, at the latest two seconds after
 * the run's end. What a listener throws, Errors included, is logged once for a run and dropped. Events nest like this:
 *
 * <pre>
 * RunStarted
 *   ContextAdded*                       instructions, permissions and environment, where they are new
 *   ContextMeasured                     how full the context is, where the window is known
 *   CompactionStarted, then CompactionFailed or Compacted   for each compactor that is tried
 *   StepStarted                         one inference; says how much of the prompt is a reusable prefix
 *     Delta*                            text, reasoning and arguments while they come in
 *     Retrying*                         takes back the deltas since StepStarted or the Retrying before
 *     ItemAdded*                        what the model sent and is durable now
 *     ToolStarted                       also while the stream goes on, and for several calls at once
 *       ToolProgress*
 *     ToolEnded                         its output is durable
 *     ApprovalAsked, ApprovalDecided    around a call that needs approval
 *   StepEnded                           usage; all calls of the step have ended unless approval is awaited
 *   CacheUsed                           what the provider's cache gave, where the response came whole
 *   EpochStarted*                       the prompt began again: another model, compaction, a cleaned retry
 *   Warning*
 * RunEnded
 * </pre>
 */
@FunctionalInterface
public interface AgentListener {
    /** Ignores everything. */
    AgentListener NONE = event -> {};

    /** Is told one event. */
    void onEvent(AgentEvent event);
}
