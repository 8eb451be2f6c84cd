package dev.agentloop.internal.run;

import dev.agentloop.Compactor;
import dev.agentloop.Limits;
import dev.agentloop.Model;
import dev.agentloop.PrefixCache;
import dev.agentloop.RetryPolicy;
import dev.agentloop.ToolFailure;
import dev.agentloop.Toolbox;
import dev.agentloop.internal.control.HostStore;
import dev.agentloop.internal.control.Runs;
import dev.agentloop.internal.control.Workers;
import dev.agentloop.internal.log.LogCache;
import dev.agentloop.internal.setup.Setup;
import dev.agentloop.internal.setup.WorkspaceContext;
import dev.agentloop.internal.tool.CallRules;
import dev.agentloop.internal.turn.ConversationLocks;
import dev.agentloop.internal.turn.Ownership;
import dev.agentloop.spi.ConversationStore;
import java.time.Clock;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/**
 * An agent on a store.
 *
 * @param owner its name in logs
 * @param turns which conversations of the store this process is changing right now, shared by all agents on it
 */
public record Agent(Parts parts, HostStore store, String owner, ConversationLocks turns, Ownership ownership) {

    /**
     * What an agent was built of, shared by its runs on all stores.
     *
     * @param prefixCache accounts for the provider's cache, one for each run
     * @param compactAt the part of the window from which on a prompt is shortened
     * @param logs what is kept in memory of conversations that nobody works with
     */
    public record Parts(
            Model model,
            @Nullable String instructions,
            Setup.@Nullable AnswerFormat answerFormat,
            Supplier<Toolbox> tools,
            WorkspaceContext context,
            Compactor compactor,
            double compactAt,
            Supplier<PrefixCache> prefixCache,
            Limits limits,
            RetryPolicy brokenResponses,
            CallRules.Approvals approvals,
            ToolFailure toolFailure,
            Clock clock,
            Workers workers,
            Runs runs,
            LogCache logs) {}

    /** The agent of these parts on a store, by an owner of its own. */
    public static Agent on(ConversationStore store, Parts parts) {
        HostStore asked = new HostStore(store);
        ConversationLocks turns = ConversationLocks.of(asked.identity(), asked.tenant());
        HostStore kept = asked.at(turns.place());
        String owner = turns.nextOwner(kept.leases().process());
        return new Agent(parts, kept, owner, turns, new Ownership(kept, parts.workers(), owner, turns));
    }
}
